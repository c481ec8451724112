using System.Globalization;
using Mall.Api.Errors;
using Mall.Orders;
using Mall.Products;
using Mall.Sagas;
using Mall.Tests.Hosting;
using Mall.Tests.Installations;
using Mall.TestServers;

namespace Mall.Tests.Cluster;

/// <summary>
/// Two clusters on one database: each believes to own every grain, as two silos with different views do. Membership may be wrong,
/// the ledger never.
/// </summary>
public sealed class TwoOwnersTests
{
    private const int Stock = 50;
    private const int Buyers = 120;

    [Theory]
    [InlineData(DatabaseKind.Postgres)]
    [InlineData(DatabaseKind.MariaDb)]
    public async Task Product_WithTwoOwners_IsNotOversold_AndTheLoserStartsOver(DatabaseKind kind)
    {
        var (server, address) = await DatabaseAsync(kind, "two_owners");
        await using var one = await TestMall.OpenAsync(database: address);
        await using var two = await TestMall.OpenAsync(database: address);
        var productId = await one.SellAsync(await one.RegisterAsync(), Stock);

        var conflicts = 0;

        // The third buyer meets an owner whose epoch the second's has passed, whatever the timing; then everybody at once.
        bool[] outcomes = [await BuyAsync(one, 0), await BuyAsync(two, 1), await BuyAsync(one, 2)];
        Assert.True(conflicts > 0, "The owners have not met: that was no test.");
        outcomes =
        [
            .. outcomes,
            .. await Task.WhenAll(Enumerable.Range(3, Buyers - 3).Select(i => BuyAsync(i % 2 == 0 ? one : two, i))),
        ];

        Assert.Equal(Stock, outcomes.Count(isBought => isBought));
        Assert.Equal($"0 {Stock}", await SqlAsync("select concat(stock, ' ', sold) from products"));
        Assert.Equal($"{Stock}", await SqlAsync(
            "select count(*) from barrier where gid like 'g%' and op = 'action' and reason = 'action'"));
        // Whoever found the other's epoch has given up its activation and made another.
        Assert.True(int.Parse(await SqlAsync("select owner_epoch from products"), CultureInfo.InvariantCulture) > 2);

        async Task<bool> BuyAsync(TestMall mall, int buyer)
        {
            while (true)
            {
                try
                {
                    var product = mall.Grains.GetGrain<IProductGrain>(productId);
                    return (await product.DecrStock(new Branch($"g{buyer}", "02"), 1)).Refusal is null;
                }
                catch (StaleActivationException)
                {
                    Interlocked.Increment(ref conflicts); // Nothing was written; the same branch once more.
                }
            }
        }

        async Task<string> SqlAsync(string sql) =>
            (await server.RunSqlAsync(sql, "two_owners", TestContext.Current.CancellationToken)).Trim();
    }

    /// <summary>
    /// One silo has looked at a product; then its price goes up, or it goes off sale, through another. What the first remembers
    /// was not true any more when it was asked, and no order may come to stand on it.
    /// </summary>
    [Theory]
    [InlineData(DatabaseKind.Postgres, false)]
    [InlineData(DatabaseKind.Postgres, true)]
    [InlineData(DatabaseKind.MariaDb, false)]
    [InlineData(DatabaseKind.MariaDb, true)]
    public async Task Order_PricedByAnOwnerWhoWasSuperseded_DoesNotStand(DatabaseKind kind, bool isWhole)
    {
        var (_, address) = await DatabaseAsync(kind, $"two_prices_{isWhole}".ToLowerInvariant());
        await using var one = await TestMall.OpenAsync(database: address);
        await using var two = await TestMall.OpenAsync(database: address);
        var user = await one.RegisterAsync();
        var product = await one.SellAsync(user, Stock, price: 100);
        Assert.Equal(100, (await two.Grains.GetGrain<IProductGrain>(product).Quote()).Value!.Price);
        await one.Grains.GetGrain<IProductGrain>(product).Change(new ChangeProduct(user, null, null, Price: 200, null));

        // Placed as a whole it is placed by an owner, who has read the row; a step finds that its price has gone.
        var stale = await PlaceAsync(two, "stale", user, product, isWhole);
        if (isWhole) Assert.Equal(200, stale.Value?.Amount);
        else Assert.Equal(ErrorCodes.ProductOffSale, stale.Refusal?.Code);
        Assert.Equal(200, (await PlaceAsync(two, "fresh", user, product, isWhole)).Value!.Amount);

        await one.Grains.GetGrain<IProductGrain>(product).Quote();
        await two.Grains.GetGrain<IProductGrain>(product).Remove(user);
        Assert.Equal(
            ErrorCodes.ProductOffSale, (await PlaceAsync(one, "removed", user, product, isWhole)).Refusal?.Code);
        await Aftermath.UntilSagasHaveEndedAsync(() => Books.Open(address), TestContext.Current.CancellationToken);
        using var books = Books.Open(address);
        Audit.Passes(books.Discrepancies(new Dictionary<long, long> { [product] = Stock }));
    }

    /// <summary>The same order at both at once: one order, one answer, its stock taken once.</summary>
    [Theory]
    [InlineData(DatabaseKind.Postgres, false)]
    [InlineData(DatabaseKind.Postgres, true)]
    [InlineData(DatabaseKind.MariaDb, false)]
    [InlineData(DatabaseKind.MariaDb, true)]
    public async Task Order_WithTwoSagas_HappensOnce(DatabaseKind kind, bool isWhole)
    {
        var (_, address) = await DatabaseAsync(kind, $"two_sagas_{isWhole}".ToLowerInvariant());
        await using var one = await TestMall.OpenAsync(database: address);
        await using var two = await TestMall.OpenAsync(database: address);
        var user = await one.RegisterAsync();
        var product = await one.SellAsync(user, Stock);

        var answers = await Task.WhenAll(Enumerable.Range(0, Buyers).Select(i => Task.WhenAll(
            PlaceAsync(one, $"g{i}", user, product, isWhole), PlaceAsync(two, $"g{i}", user, product, isWhole))));

        await Aftermath.UntilSagasHaveEndedAsync(() => Books.Open(address), TestContext.Current.CancellationToken);
        Assert.All(answers, pair => Assert.Equal((pair[0].Refusal, pair[0].Value?.Id), (pair[1].Refusal, pair[1].Value?.Id)));
        Assert.Equal(Stock, answers.Count(pair => !pair[0].IsRefused));
        using var books = Books.Open(address);
        Assert.Equal((Stock, Buyers - Stock), (books.Orders(status: 0), books.Orders(status: 9)));
        Audit.Passes(books.Discrepancies(new Dictionary<long, long> { [product] = Stock }));
    }

    /// <summary>
    /// One silo is refused a branch that another, which has taken the saga over meanwhile, is granted. The first must not undo
    /// what the second's client is told.
    /// </summary>
    [Fact]
    public async Task Saga_ThatWasTakenOver_UndoesNothingOfWhatItsSuccessorPromises()
    {
        var (_, address) = await DatabaseAsync(DatabaseKind.Postgres, "taken_over");
        var (refusing, granting) = (new Stop(isRefused: true), new Stop(isRefused: false));
        await using var one = await TestMall.OpenAsync(silo => silo.AddIncomingGrainCallFilter(refusing), database: address);
        await using var two = await TestMall.OpenAsync(silo => silo.AddIncomingGrainCallFilter(granting), database: address);
        var user = await one.RegisterAsync();
        var product = await one.SellAsync(user, Stock);

        var first = one.PlaceAsync("g", user, new OrderLine(product, 1));
        await refusing.Arrived; // The first silo drives the saga, and asks for stock.
        var second = two.PlaceAsync("g", user, new OrderLine(product, 1));
        await granting.Arrived; // The second has taken it over, and got the stock.
        refusing.GoOn();
        var failure = await Record.ExceptionAsync(() => first);
        granting.GoOn();

        Assert.False((await second).IsRefused);
        Assert.True(failure is not null || !(await first).IsRefused, "One order, two answers.");
        await Aftermath.UntilSagasHaveEndedAsync(() => Books.Open(address), TestContext.Current.CancellationToken);
        using var books = Books.Open(address);
        Assert.Equal(1, books.Orders(status: 0));
        Audit.Passes(books.Discrepancies(new Dictionary<long, long> { [product] = Stock }));
    }

    private static async Task<Result<OrderView>> PlaceAsync(
        TestMall mall, string gid, long user, long product, bool isWhole)
    {
        while (true)
        {
            try
            {
                var line = new OrderLine(product, 1);
                return await (isWhole ? mall.PlaceWholeAsync(gid, user, line) : mall.PlaceAsync(gid, user, line));
            }
            catch (Exception e) when (e is StorageUnavailableException or TimeoutException || e.LostItsGrain())
            {
                // Unknown: the same order again.
            }
        }
    }

    private static async Task<(DatabaseServer Server, string Address)> DatabaseAsync(DatabaseKind kind, string name)
    {
        if (DatabaseServer.WhyMissing(kind) is { } reason) Assert.Skip(reason);
        var server = await DatabaseServer.SharedAsync(kind);
        return (server, await server.CreateDatabaseAsync(name, TestContext.Current.CancellationToken));
    }

    /// <summary>Stops the first that asks for stock: before it has any, to be refused, or when it has it.</summary>
    private sealed class Stop(bool isRefused) : IIncomingGrainCallFilter
    {
        private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _calls;

        public Task Arrived => _arrived.Task;

        public void GoOn() => _goOn.SetResult();

        public async Task Invoke(IIncomingGrainCallContext context)
        {
            var isStopped = context.MethodName == nameof(IProductGrain.DecrStock) && Interlocked.Increment(ref _calls) == 1;
            if (!isStopped || !isRefused) await context.Invoke();
            if (!isStopped) return;
            _arrived.SetResult();
            await _goOn.Task;
            if (isRefused) context.Result = (Result<long>)Result.Refused(ErrorCodes.NotEnoughStock, "Refused for a test.");
        }
    }
}
