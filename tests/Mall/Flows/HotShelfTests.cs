using Mall.Tests.Installations;

namespace Mall.Tests.Flows;

/// <summary>Everybody wants the same, at the same moment: what is there is sold, to the last piece and not one more.</summary>
[Collection(nameof(WholeProcesses))]
public sealed class HotShelfTests
{
    private const int Buyers = 64;
    private const int Stock = 50;

    [Fact(Timeout = 90_000)]
    public async Task Order_WhenSixtyFourWantOneOfFifty_FiftyStandAndTheRestAreVoid()
    {
        var sold = await RushAsync(products: 1, (products, _) => products, TestContext.Current.CancellationToken);

        Assert.Equal(Stock, sold);
    }

    [Fact(Timeout = 90_000)]
    public async Task Order_OfThreeProductsInOppositeOrders_FiftyStandAndNoneIsRefusedForNothing()
    {
        var sold = await RushAsync(
            products: 3, (products, buyer) => buyer % 2 == 0 ? products : products.Reverse(),
            TestContext.Current.CancellationToken);

        Assert.Equal(Stock, sold);
    }

    /// <summary>All buyers order at once; the books are audited, and hold no order but those that were acknowledged.</summary>
    /// <param name="basketOf">Which products a buyer orders, in which order.</param>
    /// <returns>How many orders stand; nothing is left on the shelf.</returns>
    private static async Task<int> RushAsync(
        int products, Func<IEnumerable<long>, int, IEnumerable<long>> basketOf, CancellationToken stop)
    {
        await using var mall = new Installation();
        var silo = await mall.OpenAsync(stop);
        using var seller = await Seller.OpenShopAsync(mall, Enumerable.Repeat((long)Stock, products), stop);
        var buyers = await Shopper.ArriveAsync(mall, Buyers, stop);

        var onSale = seller.Supplied.Keys.Order().ToList();
        await Task.WhenAll(buyers.Select(
            (buyer, i) => buyer.OrderAsync([.. basketOf(onSale, i).Select(id => (id, 1L))], stop)));
        silo.Terminate();
        Assert.Equal(0, await silo.ExitCodeAsync(TimeSpan.FromSeconds(30)));

        var purchases = buyers.SelectMany(b => b.Purchases).ToList();
        var (sold, refused) = (purchases.Count(p => p.IsAcknowledged), purchases.Where(p => !p.IsAcknowledged).ToList());
        Assert.All(refused, p => Assert.Equal(ErrorCodes.NotEnoughStock, p.Answer.Code));
        using var books = Books.Open(mall);
        Assert.Equal((sold, refused.Count), (books.Orders(status: 0), books.Orders(status: 9)));
        Assert.All(onSale, id => Assert.Equal(0, books.Stock(id)));
        Audit.Passes(books.Missing(purchases));
        Audit.Passes(books.Discrepancies(seller.Supplied));
        return sold;
    }
}
