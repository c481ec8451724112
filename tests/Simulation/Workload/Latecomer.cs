using System.Collections.Immutable;

namespace Mall.Simulation;

/// <summary>Comes when nothing disturbs the mall any more: whoever registers and orders then is answered.</summary>
internal sealed class Latecomer(Market market, int number) : Client(market, $"latecomer-{number}")
{
    private const int Tries = 3;

    public bool IsServed { get; private set; }

    public override async Task LiveAsync()
    {
        if (!await RegisterAsync($"1380000{number:0000}")) return;
        var line = new OrderLine(Market.Products.FirstOrDefault(1_000_000), 1);
        var (gid, input) = (Gids.FromKey("order", Caller.UserId, Name), new PlaceOrderInput([new(line.ProductId, 1)]));
        ImmutableArray<OrderLine> lines = [line];
        IsServed = await InsistAsync(
            Asked.Order(gid, true, Caller.UserId, lines),
            door => door.Orders.Place(Caller, input, Name, door.NewPatience()), Tries) is not null;
    }
}
