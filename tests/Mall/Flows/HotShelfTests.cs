using Mall.Tests.Installations;

namespace Mall.Tests.Flows;

/// <summary>Everybody wants the same, at the same moment: what is there is sold, to the last piece and not one more.</summary>
[Collection(nameof(WholeProcesses))]
public sealed class HotShelfTests
{
    private const int Buyers = 64;
    private const int Stock = 50;

    /// <summary>
    /// All buyers order one product at once, and then three, every other buyer in the opposite order; the books are audited, and
    /// hold no order but those that were acknowledged.
    /// </summary>
    [Fact(Timeout = 90_000)]
    public async Task Order_WhenSixtyFourWantFifty_FiftyStandAndNoneIsRefusedForNothing()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var mall = new Installation();
        var silo = await mall.OpenAsync(stop);
        using var seller = await Seller.OpenShopAsync(mall, Enumerable.Repeat((long)Stock, 4), stop);
        var buyers = await Shopper.ArriveAsync(mall, Buyers, stop);

        var onSale = seller.Supplied.Keys.Order().ToList();
        await RushAsync(_ => onSale[..1]);
        await RushAsync(buyer => buyer % 2 == 0 ? onSale[1..] : Enumerable.Reverse(onSale[1..]));
        silo.Terminate();
        Assert.Equal(0, await silo.ExitCodeAsync(TimeSpan.FromSeconds(90)));

        var purchases = buyers.SelectMany(b => b.Purchases).ToList();
        var refused = purchases.Where(p => !p.IsAcknowledged).ToList();
        Assert.All(refused, p => Assert.Equal(ErrorCodes.NotEnoughStock, p.Answer.Code));
        using var books = Books.Open(mall);
        Assert.Equal((2 * Stock, refused.Count), (books.Orders(status: 0), books.Orders(status: 9)));
        Assert.All(onSale, id => Assert.Equal(0, books.Stock(id)));
        Audit.Passes(books.Missing(purchases));
        Audit.Passes(books.Discrepancies(seller.Supplied));

        Task RushAsync(Func<int, IEnumerable<long>> basketOf) => Task.WhenAll(buyers.Select(
            (buyer, i) => buyer.OrderAsync([.. basketOf(i).Select(id => (id, 1L))], stop)));
    }
}
