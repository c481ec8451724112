using System.Collections.Immutable;
using Mall.Api.Orders;
using Mall.Api.Validation;

namespace Mall.Simulation;

/// <summary>Registers, orders, and behaves as customers do: impatient, forgetful, with two windows open.</summary>
internal sealed class Shopper(Market market, int number) : Client(market, $"shopper-{number}")
{
    private readonly List<(string Key, ImmutableArray<OrderLine> Lines)> _orders = [];

    public override async Task LiveAsync()
    {
        await PauseAsync(5);
        if (!await RegisterAsync($"1390000{number:0000}")) return;
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
            var (key, lines) = Any(_orders);
            await OrderAsync(key, lines);
        }
        else if (_orders.Count > 0 && Chance(Market.Options.ReusesKey))
        {
            await OrderAsync(Any(_orders).Key, Choose());
        }
        else
        {
            var (key, lines) = ($"{Name}-{_orders.Count}", Choose());
            _orders.Add((key, lines));
            var other = Chance(Market.Options.Twice) ? OrderAsync(key, Chance(0.3) ? Choose() : lines) : null;
            await (Chance(0.1) ? PlaceWithoutKeyAsync($"order-{key}", lines) : OrderAsync(key, lines));
            if (other is not null) await other;
        }
    }

    private Task<Answer?> OrderAsync(string key, ImmutableArray<OrderLine> lines)
    {
        var gid = Gids.FromKey("order", Caller.UserId, key);
        var input = new PlaceOrderInput([.. lines.Select(line => new OrderLineInput(line.ProductId, line.Quantity))]);
        var asked = Asked.Order(gid, true, Caller.UserId, lines, isWaiting: !Chance(0.1));
        Market.Gids.Enqueue(gid);
        return asked.IsWaiting
            ? InsistAsync(asked, door => door.Orders.Place(Caller, input, key, door.NewPatience()), tries: 1 + Random.Next(8))
            : InsistAsync(asked, door => door.Orders.Submit(Caller, input, key, door.NewPatience()), tries: 1 + Random.Next(5));
    }

    // The desk would draw the gid from where the simulation does not reach.
    private Task<Answer?> PlaceWithoutKeyAsync(string gid, ImmutableArray<OrderLine> lines)
    {
        Market.Gids.Enqueue(gid);
        return AskAsync(Asked.Order(gid, false, Caller.UserId, lines), door => door.NewPatience().Insist(
            () => door.GetGrain<IOrderSagaGrain>(gid).Place(new PlaceOrder(Caller.UserId, lines, null)), makes: true));
    }

    private ImmutableArray<OrderLine> Choose()
    {
        var products = Market.Products;
        var first = Chance(Market.Options.Rush) ? products[0] : Any(products);
        if (Chance(0.02)) first = 1_000_000; // no such product
        var lines = new List<OrderLine> { new(first, 1 + Random.Next(3)) };
        while (Chance(0.35))
        {
            var next = Any(products);
            if (lines.TrueForAll(line => line.ProductId != next)) lines.Add(new OrderLine(next, 1 + Random.Next(3)));
        }

        return [.. lines];
    }
}
