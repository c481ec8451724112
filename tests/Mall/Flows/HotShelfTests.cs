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
        await SellOutAsync(products: 1, basketOf: (products, _) => products);
    }

    [Fact(Timeout = 90_000)]
    public async Task Order_OfThreeProductsInOppositeOrders_NeitherWaitsForEverNorOversells()
    {
        await SellOutAsync(products: 3, basketOf: (products, buyer) => buyer % 2 == 0 ? products : products.Reverse());
    }

    private static async Task SellOutAsync(int products, Func<IEnumerable<long>, int, IEnumerable<long>> basketOf)
    {
        var stop = TestContext.Current.CancellationToken;
        await using var mall = new Installation();
        var silo = await mall.OpenAsync(stop);
        using var seller = await Seller.OpenShopAsync(mall, Enumerable.Repeat((long)Stock, products), stop);
        var buyers = await Shopper.ArriveAsync(mall, Buyers, stop);

        var onSale = seller.Supplied.Keys.Order().ToList();
        var purchases = await Task.WhenAll(buyers.Select(
            (buyer, i) => buyer.OrderAsync([.. basketOf(onSale, i).Select(id => (id, 1L))], stop)));
        silo.Terminate();
        Assert.Equal(0, await silo.ExitCodeAsync(TimeSpan.FromSeconds(30)));

        Assert.Equal(Stock, purchases.Count(p => p.IsAcknowledged));
        Assert.All(purchases.Where(p => !p.IsAcknowledged), p => Assert.Equal(ErrorCodes.NotEnoughStock, p.Answer.Code));
        using var books = Books.Open(mall);
        Assert.Equal((Stock, Buyers - Stock), (books.Orders(status: 0), books.Orders(status: 9)));
        Assert.All(onSale, id => Assert.Equal(0, books.Stock(id)));
        Assert.Empty(books.Missing(purchases));
        Assert.Empty(books.Discrepancies(seller.Supplied));
    }
}
