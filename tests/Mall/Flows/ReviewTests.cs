using Mall.Orders;
using Mall.Reviews;
using Mall.Tests.Hosting;

namespace Mall.Tests.Flows;

/// <summary>A review is written once, and whoever repeats the request under its key is told of it.</summary>
public sealed class ReviewTests
{
    [Fact]
    public async Task A_repeat_that_finds_what_its_first_call_has_written_meanwhile_is_answered_as_that_was()
    {
        await using var mall = await TestMall.OpenAsync();
        var user = await mall.RegisterAsync();
        var product = await mall.SellAsync(user, stock: 5);
        await mall.PlaceAsync("g1", user, new OrderLine(product, 1));
        await mall.UntilSqlSaysAsync(["succeed"], "select status from sagas where gid = 'g1'");
        await mall.ChangeAsync("update orders set status = 1");
        var reviews = mall.Grains.GetGrain<IReviewDirectoryGrain>(0);
        var review = new WriteReview(user, product, 5, "Keeps warm.", new Idempotency(user, "k", "h"));
        Result<ReviewView>? first = null;
        mall.Store.BeforeNext("from orders o join order_items i", async () => first = await reviews.Write(review));

        var second = await reviews.Write(review);

        Assert.NotNull(first?.Value);
        Assert.Equal(first.Value, second.Value);
        var another = review with { Idempotency = new Idempotency(user, "l", "h") };
        Assert.Equal(ErrorCodes.OrderStatusForbids, (await reviews.Write(another)).Refusal?.Code);
    }
}
