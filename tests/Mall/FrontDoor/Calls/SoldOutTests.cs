using System.Threading.RateLimiting;
using Mall.Api.Orders;
using Mall.Orders;

namespace Mall.Tests.FrontDoor.Calls;

/// <summary>Few of those who want what is sold out ask for it at a time, and nobody waits longer than that.</summary>
public sealed class SoldOutTests
{
    private static readonly Result<OrderView> s_refused = Result.Refused(ErrorCodes.NotEnoughStock, "No tea is left.");
    private static readonly Result<OrderView> s_placed = new OrderView(
        1, "g", 1, [], 0, OrderStatus.Created, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, PaidAt: null);

    private readonly SoldOut _soldOut = new();

    [Fact]
    public async Task As_long_as_there_are_pieces_nobody_waits()
    {
        _soldOut.Note(1, s_placed);
        _soldOut.Note(2, s_refused);

        Assert.All(Enter(1, SoldOut.AtATime + 1), entered => Assert.True(entered.IsCompleted));
        Assert.Null(await Enter(1, 1)[0]);
    }

    [Fact]
    public async Task In_front_of_what_is_sold_out_each_waits_until_one_before_it_has_its_answer()
    {
        _soldOut.Note(1, s_refused);

        var entered = Enter(1, SoldOut.AtATime + 2);
        Assert.Equal(SoldOut.AtATime, entered.Count(one => one.IsCompleted));

        using (await entered[0]) Assert.False(entered[SoldOut.AtATime].IsCompleted);
        await entered[SoldOut.AtATime];
        Assert.False(entered[^1].IsCompleted);
    }

    [Fact]
    public async Task Once_a_piece_was_got_nobody_joins_the_line_and_who_is_in_it_still_gets_a_turn()
    {
        _soldOut.Note(1, s_refused);
        var entered = Enter(1, SoldOut.AtATime + 1);

        _soldOut.Note(1, s_placed);
        Assert.Null(await Enter(1, 1)[0]);
        Assert.False(entered[^1].IsCompleted);

        (await entered[0])!.Dispose();
        await entered[^1];
    }

    [Fact]
    public void Past_a_long_line_one_goes_straight_to_the_product()
    {
        _soldOut.Note(1, s_refused);

        var entered = Enter(1, SoldOut.AtATime + SoldOut.MostInLine + 1);

        Assert.True(entered[^1].IsCompleted);
        Assert.Equal(SoldOut.MostInLine, entered.Count(one => !one.IsCompleted));
    }

    [Fact]
    public void Another_refusal_says_nothing_of_what_is_left()
    {
        _soldOut.Note(1, Result.Refused(ErrorCodes.KeyReused, "Another order has this key."));
        Assert.All(Enter(1, SoldOut.AtATime + 1), entered => Assert.True(entered.IsCompleted));
    }

    private Task<RateLimitLease?>[] Enter(long product, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => _soldOut.EnterAsync(product).AsTask())];
}
