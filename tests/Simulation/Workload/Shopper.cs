using System.Collections.Immutable;
using Mall.Api.Auth;
using Mall.Api.Orders;
using Mall.Api.Validation;
using Mall.Orders;
using Mall.Sagas;
using Mall.Users;

namespace Mall.Simulation;

/// <summary>Registers, orders, and behaves as customers do: impatient, forgetful, with two windows open.</summary>
internal sealed class Shopper(Market market, int number) : Client(market, $"shopper-{number}")
{
    private readonly List<(string Key, ImmutableArray<OrderLine> Lines)> _orders = [];
    private long _userId;
    private int _keys;

    public override async Task LiveAsync()
    {
        await PauseAsync(5);
        if (await Accounts.RegisterAsync($"1390000{number:0000}", InsistAsync) is not { } user) return;
        _userId = user.Id;
        while (Market.IsOpen)
        {
            await PauseAsync(Market.Options.ShopperPause);
            if (Market.Products.Count > 0 && Market.IsOpen) await ShopAsync();
        }
    }

    private async Task ShopAsync()
    {
        if (_orders.Count > 0 && Chance(Market.Options.RepeatsOld))
        {
            var (key, lines) = _orders[Random.Next(_orders.Count)];
            await OrderAsync(key, lines);
        }
        else if (_orders.Count > 0 && Chance(Market.Options.ReusesKey))
        {
            await OrderAsync(_orders[Random.Next(_orders.Count)].Key, Choose());
        }
        else
        {
            var (key, lines) = ($"{Name}-{++_keys}", Choose());
            _orders.Add((key, lines));
            var twice = Chance(Market.Options.Twice);
            var other = twice ? OrderAsync(key, Chance(0.3) ? Choose() : lines) : null;
            if (Chance(0.1)) await PlaceWithoutKeyAsync(lines);
            else await OrderAsync(key, lines);
            if (other is not null) await other;
        }
    }

    private Task<Answer?> OrderAsync(string key, ImmutableArray<OrderLine> lines)
    {
        var gid = Gids.FromKey("order", _userId, key);
        var input = new PlaceOrderInput([.. lines.Select(line => new OrderLineInput(line.ProductId, line.Quantity))]);
        var caller = new Caller(_userId, Roles.User);
        Market.Gids.Enqueue(gid);
        if (Chance(0.1))
        {
            return InsistAsync(new OrderAsked(gid, true, _userId, lines, Wait: false),
                door => door.Orders.Submit(caller, input, key, door.NewPatience()), tries: 1 + Random.Next(5));
        }

        return InsistAsync(new OrderAsked(gid, true, _userId, lines),
            door => door.Orders.Place(caller, input, key, door.NewPatience()), tries: 1 + Random.Next(8));
    }

    // The desk would draw the gid from where the simulation does not reach.
    private Task<Answer?> PlaceWithoutKeyAsync(ImmutableArray<OrderLine> lines)
    {
        var gid = $"order-{Name}-{++_keys}";
        Market.Gids.Enqueue(gid);
        return AskAsync(new OrderAsked(gid, false, _userId, lines), door => door.NewPatience().Insist(
            () => door.GetGrain<IOrderSagaGrain>(gid).Place(new PlaceOrder(_userId, lines, null)), makes: true));
    }

    private ImmutableArray<OrderLine> Choose()
    {
        var products = Market.Products;
        var first = Chance(Market.Options.Rush) ? products[0] : products[Random.Next(products.Count)];
        if (Chance(0.02)) first = 1_000_000; // no such product
        var lines = new List<OrderLine> { new(first, 1 + Random.Next(3)) };
        while (Chance(0.35))
        {
            var next = products[Random.Next(products.Count)];
            if (lines.TrueForAll(line => line.ProductId != next)) lines.Add(new OrderLine(next, 1 + Random.Next(3)));
        }

        return [.. lines];
    }
}
