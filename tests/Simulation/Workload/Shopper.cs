using System.Collections.Immutable;

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
            var placed = await (Chance(0.1) ? PlaceWithoutKeyAsync($"order-{key}", lines) : OrderAsync(key, lines));
            if (other is not null) await other;
            if (placed?.Value is OrderView order) Market.Begin(() => FollowAsync(order));
        }
    }

    /// <summary>An order is paid, cancelled, given back, some of that at once, or forgotten until it closes.</summary>
    private async Task FollowAsync(OrderView order)
    {
        for (var acts = Random.Next(4); acts > 0; acts--)
        {
            await PauseAsync(Market.Options.Thought);
            if (!Market.IsOpen) return;
            var other = Chance(Market.Options.Twice) ? ActAsync(order) : null;
            await ActAsync(order);
            if (other is not null) await other;
        }
    }

    private Task ActAsync(OrderView order)
    {
        var act = Chance(0.6) ? "payment" : Chance(0.5) ? "cancel" : "refund";
        var key = Chance(0.3) ? null : $"{Name}-{(Chance(Market.Options.ReusesKey) ? "any" : $"{act}-{order.Id}")}";
        var (asked, tries) = (Asked.About(act, order, key), 1 + Random.Next(8));
        return act switch
        {
            "payment" => PayAsync(),
            "cancel" => InsistAsync(asked, door => door.Orders.Cancel(Caller, order.Id, key, door.NewPatience()), tries),
            _ => InsistAsync(asked, door => door.Payments.Refund(Caller, order.Id, key, door.NewPatience()), tries),
        };

        async Task PayAsync()
        {
            var input = new CreatePaymentInput(order.Id);
            var opened = await InsistAsync(asked, door => door.Payments.Open(Caller, input, key, door.NewPatience()), tries);
            if (opened?.Value is OpenedPayment { Payment: var payment } && Chance(0.9)) Market.Bank.Take(payment);
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
            () => OrderDesk.Place(door, gid, new PlaceOrder(Caller.UserId, lines, null)), makes: true));
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
