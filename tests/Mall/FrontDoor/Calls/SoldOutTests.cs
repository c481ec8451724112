using Mall.Api.Orders;
using Mall.Orders;
using Mall.Products;
using Mall.Tests.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace Mall.Tests.FrontDoor.Calls;

/// <summary>Few of those who want what is sold out ask for it at a time, and nobody waits for longer than is of use.</summary>
public sealed class SoldOutTests : IDisposable
{
    private static readonly Result<OrderView> s_refused = Result.Refused(ErrorCodes.NotEnoughStock, "No tea is left.");
    private static readonly Result<OrderView> s_placed = new OrderView(
        1, "g", 1, [], 0, OrderStatus.Created, DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, PaidAt: null);

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    private readonly FakeTimeProvider _time = new();
    private readonly SoldOut _soldOut;
    private readonly List<TaskCompletionSource<int>> _asked = [];
    private readonly SemaphoreSlim _askedMore = new(0);

    public SoldOutTests() => _soldOut = new SoldOut(_time);

    public void Dispose() => _askedMore.Dispose();

    [Fact]
    public void As_long_as_there_are_pieces_nobody_waits()
    {
        _soldOut.Note(1, s_placed);
        _soldOut.Note(2, s_refused);
        _soldOut.Note(1, Result.Refused(ErrorCodes.KeyReused, "Another order has this key."));

        Ask(SoldOut.AtATime + 1);

        Assert.Equal(SoldOut.AtATime + 1, _asked.Count);
    }

    [Fact]
    public async Task In_front_of_what_is_sold_out_each_waits_until_one_before_it_has_its_answer_whatever_that_is()
    {
        _soldOut.Note(1, s_refused);
        var answers = Ask(SoldOut.AtATime + 3);
        Assert.Equal(SoldOut.AtATime, _asked.Count);

        _asked[0].SetResult(7);
        Assert.Equal(7, await answers[0]);
        await AskedAsync(SoldOut.AtATime + 1);

        _asked[1].SetException(new TimeoutException());
        await Assert.ThrowsAsync<TimeoutException>(() => answers[1]);
        await AskedAsync(SoldOut.AtATime + 2);
        Assert.Equal(SoldOut.AtATime + 2, _asked.Count);
    }

    [Fact]
    public async Task Once_a_piece_was_got_nobody_joins_the_line_and_who_is_in_it_still_gets_a_turn()
    {
        _soldOut.Note(1, s_refused);
        Ask(SoldOut.AtATime + 1);

        _soldOut.Note(1, s_placed);
        Ask(1);
        Assert.Equal(SoldOut.AtATime + 1, _asked.Count);

        _asked[0].SetResult(0);
        await AskedAsync(SoldOut.AtATime + 2);
    }

    [Fact]
    public async Task Whoever_has_waited_for_long_goes_straight_on_though_nobody_before_it_is_answered()
    {
        _soldOut.Note(1, s_refused);
        Ask(SoldOut.AtATime + 100);
        Assert.Equal(SoldOut.AtATime, _asked.Count);

        _time.Advance(SoldOut.LongestWait);

        await AskedAsync(SoldOut.AtATime + 100);
    }

    [Fact]
    public async Task Whoever_goes_away_leaves_the_line_and_asks_for_nothing()
    {
        using var client = new CancellationTokenSource();
        _soldOut.Note(1, s_refused);
        Ask(SoldOut.AtATime);
        var gone = AskOne(1, client.Token);

        client.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => gone.WaitAsync(s_patience, TestContext.Current.CancellationToken));
        _asked[0].SetResult(0);
        Ask(1);

        await AskedAsync(SoldOut.AtATime + 1);
        Assert.Equal(SoldOut.AtATime + 1, _asked.Count);
    }

    [Fact]
    public async Task An_order_that_is_refused_begins_the_line_and_one_that_is_served_ends_it()
    {
        await using var mall = await TestMall.OpenAsync();
        var seller = await mall.RegisterAsync();
        var product = await mall.SellAsync(seller, 1);
        Assert.False((await PlaceAsync("g1")).IsRefused);

        Assert.Equal(ErrorCodes.NotEnoughStock, (await PlaceAsync("g2")).Refusal?.Code);
        Ask(SoldOut.AtATime + 1, product);
        Assert.Equal(SoldOut.AtATime, _asked.Count);

        // Nobody of them is answered: an order waits, and the same, sent again, does not.
        var waits = PlaceAsync("g3");
        Assert.Equal(ErrorCodes.NotEnoughStock, (await PlaceAsync("g3", isAgain: true)).Refusal?.Code);
        Assert.False(waits.IsCompleted);

        await mall.Grains.GetGrain<IProductGrain>(product).SetStock(seller, 5);
        Assert.False((await PlaceAsync("g4", isAgain: true)).IsRefused);
        Assert.False((await PlaceAsync("g5")).IsRefused);

        _time.Advance(SoldOut.LongestWait);
        var late = await waits.WaitAsync(s_patience, TestContext.Current.CancellationToken);
        Assert.Equal(ErrorCodes.NotEnoughStock, late.Refusal?.Code);

        Task<Result<OrderView>> PlaceAsync(string gid, bool isAgain = false) => OrderDesk.Place(
            mall.Grains, gid, new PlaceOrder(seller, [new(product, 1)], null), _soldOut, isAgain);
    }

    private Task<int>[] Ask(int count, long product = 1) =>
        [.. Enumerable.Range(0, count).Select(_ => AskOne(product, CancellationToken.None))];

    private Task<int> AskOne(long product, CancellationToken clientGone) => _soldOut.Ask(
        product,
        () =>
        {
            var asked = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (_asked) _asked.Add(asked);
            _askedMore.Release();
            return asked.Task;
        },
        clientGone);

    private async Task AskedAsync(int count)
    {
        while (count > _asked.Count)
            Assert.True(await _askedMore.WaitAsync(s_patience, TestContext.Current.CancellationToken));
    }
}
