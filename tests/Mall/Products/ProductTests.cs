using Mall.Ledger;
using Mall.Products;
using Mall.Sagas;
using Mall.Shops;
using Mall.TestFaults;
using Mall.Tests.Hosting;

namespace Mall.Tests.Products;

public sealed class ProductTests
{
    private static readonly Branch s_branch = new("g1", "02");

    [Fact]
    public async Task Change_sets_what_is_given_zero_and_empty_included_and_leaves_the_rest()
    {
        await using var mall = await TestMall.OpenAsync();
        var seller = await mall.RegisterAsync();
        var product = mall.Grains.GetGrain<IProductGrain>(await mall.SellAsync(seller, 5, price: 100));

        await product.Change(new ChangeProduct(seller, Name: null, Desc: "blue", Price: 0, Status: null));
        var changed = await product.Change(new ChangeProduct(seller, Name: "Pot", Desc: null, Price: null, Status: 0));

        Assert.Equal(
            ("Pot", "blue", 0L, 5L, 0),
            (changed.Value!.Name, changed.Value.Desc, changed.Value.Price, changed.Value.Stock, changed.Value.Status));
        Assert.Equal(["Pot blue 0 5 0"], await mall.SqlAsync("select name, description, price, stock, status from products"));
    }

    [Fact]
    public async Task Changes_at_once_do_not_undo_each_other()
    {
        await using var mall = await TestMall.OpenAsync();
        var seller = await mall.RegisterAsync();
        var product = mall.Grains.GetGrain<IProductGrain>(await mall.SellAsync(seller, 5));

        await Task.WhenAll(
            product.Change(new ChangeProduct(seller, "Pot", null, null, null)),
            product.Change(new ChangeProduct(seller, null, "blue", null, null)),
            product.Change(new ChangeProduct(seller, null, null, 7, null)),
            product.AdjustStock(seller, 3, null));

        Assert.Equal(["Pot blue 7 8"], await mall.SqlAsync("select name, description, price, stock from products"));
    }

    [Fact]
    public async Task AdjustStock_never_goes_below_zero_and_a_repeat_under_its_key_changes_nothing()
    {
        await using var mall = await TestMall.OpenAsync();
        var seller = await mall.RegisterAsync();
        var product = mall.Grains.GetGrain<IProductGrain>(await mall.SellAsync(seller, 5));
        var key = new Idempotency(seller, "k", "h");

        Assert.Equal(ErrorCodes.NotEnoughStock, (await product.AdjustStock(seller, -6, null)).Refusal!.Code);
        Assert.Equal(0, (await product.AdjustStock(seller, -5, key)).Value);
        Assert.Equal(0, (await product.AdjustStock(seller, -5, key)).Value);
        Assert.Equal(
            ErrorCodes.KeyReused, (await product.AdjustStock(seller, 1, key with { RequestHash = "other" })).Refusal!.Code);
        Assert.Equal(["0"], await mall.SqlAsync("select stock from products"));
    }

    [Fact]
    public async Task Stock_is_set_to_nothing_also_while_it_sells_without_a_pause()
    {
        await using var mall = await TestMall.OpenAsync();
        var seller = await mall.RegisterAsync();
        var product = mall.Grains.GetGrain<IProductGrain>(await mall.SellAsync(seller, 1_000_000_000));
        var sold = 0;
        var buyers = Enumerable.Range(0, 64).Select(BuyAsync).ToList(); // Some commit while others queue.
        await TestMall.EventuallyAsync(() => Task.FromResult(Volatile.Read(ref sold) > 50), "it sells");

        Assert.Equal(0, (await product.SetStock(seller, 0)).Value);

        await Task.WhenAll(buyers);
        Assert.Equal([$"0 {sold}"], await mall.SqlAsync("select stock, sold from products"));

        async Task BuyAsync(int buyer)
        {
            for (var n = 0; !(await product.DecrStock(new Branch($"{buyer} {n}", "02"), 1, null)).IsRefused; n++)
            {
                Interlocked.Increment(ref sold);
                if (buyer % 2 == n % 2) await Task.Yield(); // Not all in step.
            }
        }
    }

    [Fact]
    public async Task One_key_twice_at_once_adjusts_once_is_answered_alike_and_troubles_no_buyer()
    {
        await using var mall = await TestMall.OpenAsync();
        var seller = await mall.RegisterAsync();
        var product = mall.Grains.GetGrain<IProductGrain>(await mall.SellAsync(seller, 5));
        var key = new Idempotency(seller, "k", "h");

        var adjusting = Task.WhenAll(Enumerable.Range(0, 8).Select(_ => product.AdjustStock(seller, 3, key)));
        var bought = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => product.DecrStock(new Branch($"b{i}", "02"), 1)));
        await product.AdjustStock(seller, 10, null);
        var later = await product.AdjustStock(seller, 3, key);

        Assert.Single((await adjusting).Append(later).Select(a => a.Value).Distinct());
        Assert.All(bought, b => Assert.False(b.IsRefused));
        Assert.Equal(["14 4"], await mall.SqlAsync("select stock, sold from products"));
    }

    [Fact]
    public async Task Who_looks_at_a_product_writes_nothing()
    {
        await using var mall = await TestMall.OpenAsync();
        var product = mall.Grains.GetGrain<IProductGrain>(await mall.SellAsync(await mall.RegisterAsync(), 5));

        Assert.Equal(5, (await product.Get()).Value!.Stock);
        Assert.Equal(100, (await product.Quote()).Value!.Price);

        Assert.Equal(["1"], await mall.SqlAsync("select owner_epoch from products"));
    }

    [Fact]
    public async Task Only_the_seller_changes_a_product()
    {
        await using var mall = await TestMall.OpenAsync();
        var seller = await mall.RegisterAsync();
        var other = await mall.RegisterAsync("13800000002");
        var product = mall.Grains.GetGrain<IProductGrain>(await mall.SellAsync(seller, 5));

        Assert.Equal(ErrorCodes.Forbidden, (await product.Change(new ChangeProduct(other, "X", null, null, null))).Refusal!.Code);
        Assert.Equal(ErrorCodes.Forbidden, (await product.AdjustStock(other, 1, null)).Refusal!.Code);
        Assert.Equal(ErrorCodes.Forbidden, (await product.Remove(other)).Refusal!.Code);
        var catalog = mall.Grains.GetGrain<IProductCatalogGrain>(0);
        var foreign = await catalog.Create(new CreateProduct(other, ShopId: 1, "X", "", 1, 1, null));
        var shopless = await catalog.Create(new CreateProduct(other, ShopId: null, "X", "", 1, 1, null));
        var shopMissing = await catalog.Create(new CreateProduct(other, ShopId: 99, "X", "", 1, 1, null));
        Assert.Equal(
            [ErrorCodes.Forbidden, ErrorCodes.Forbidden, ErrorCodes.NoSuchShop],
            new[] { foreign, shopless, shopMissing }.Select(r => r.Refusal!.Code));
    }

    [Fact]
    public async Task A_repeated_decrement_is_answered_as_the_first_also_when_stock_or_sale_has_ended_since()
    {
        await using var mall = await TestMall.OpenAsync();
        var seller = await mall.RegisterAsync();
        var product = mall.Grains.GetGrain<IProductGrain>(await mall.SellAsync(seller, 1));

        var first = await product.DecrStock(s_branch, 1);
        var repeated = await product.DecrStock(s_branch, 1);
        await product.Remove(seller);
        var afterRemoval = await product.DecrStock(s_branch, 1);
        var other = await product.DecrStock(new Branch("g2", "02"), 1);

        Assert.Equal([0L, 0L, 0L], new[] { first.Value, repeated.Value, afterRemoval.Value });
        Assert.Equal(ErrorCodes.ProductOffSale, other.Refusal!.Code);
        Assert.Equal(["0 1"], await mall.SqlAsync("select stock, sold from products"));
    }

    [Fact]
    public async Task Repeats_at_once_take_the_stock_once_and_are_not_refused_for_want_of_what_they_hold()
    {
        await using var mall = await TestMall.OpenAsync();
        var seller = await mall.RegisterAsync();
        var product = mall.Grains.GetGrain<IProductGrain>(await mall.SellAsync(seller, 1));

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => product.DecrStock(s_branch, 1)));

        Assert.All(answers, a => Assert.False(a.IsRefused));
        Assert.Equal(["0 1"], await mall.SqlAsync("select stock, sold from products"));
    }

    [Fact]
    public async Task A_refusal_that_got_lost_is_given_again_for_its_reason_although_there_is_stock_again()
    {
        await using var mall = await TestMall.OpenAsync();
        var seller = await mall.RegisterAsync();
        var product = mall.Grains.GetGrain<IProductGrain>(await mall.SellAsync(seller, 1));

        var lost = await product.DecrStock(s_branch, 2);
        await product.AdjustStock(seller, 5, null);
        var again = await product.DecrStock(s_branch, 2);

        Assert.Equal((ErrorCodes.NotEnoughStock, ErrorCodes.NotEnoughStock), (lost.Refusal?.Code, again.Refusal?.Code));
        Assert.Equal(["6 0"], await mall.SqlAsync("select stock, sold from products"));
    }

    [Theory]
    [InlineData("put on sale again", "status = 1")]
    [InlineData("given back", "stock = 1")]
    [InlineData("delivered", "stock = 1")]
    public async Task A_product_refuses_nobody_for_what_its_row_does_not_say_any_more(string isIt, string row)
    {
        await using var mall = await TestMall.OpenAsync(faults: new FaultOptions { ReadBack = 1 });
        var seller = await mall.RegisterAsync();
        var product = mall.Grains.GetGrain<IProductGrain>(await mall.SellAsync(seller, 1));
        if (isIt == "put on sale again") await product.Remove(seller);
        else await product.DecrStock(s_branch with { Gid = "before" }, 1);

        // It has been committed, and until the database can be asked about it nobody knows.
        mall.Store.FailNext(FaultPoint.AfterCommit, w => w.Changes.Any(IsOfOwner));
        Task change = isIt switch
        {
            "put on sale again" => product.Change(new ChangeProduct(seller, null, null, null, Status: 1)),
            "given back" => product.ReturnStock(s_branch with { Gid = "before" }, 1),
            _ => product.AdjustStock(seller, 1, null),
        };
        await mall.UntilSqlSaysAsync(["1"], $"select count(*) from products where {row}");
        var (quoted, taken) = (product.Quote(), product.DecrStock(s_branch, 1));
        await mall.Grains.GetGrain<IProductGrain>(product.GetPrimaryKeyLong()).Get(); // Both have begun by then.
        mall.Store.IsRandom = false;

        Assert.Equal((null, null), ((await quoted).Refusal, (await taken).Refusal));
        await change;

        // Of what else is written meanwhile (how much was sold, how a saga ended) nothing is to be in doubt.
        static bool IsOfOwner(RowChange change) => change.Shape.Table.Name == "products"
            && change.Shape.Columns.Any(c => c.Column.Name == "owner_epoch");
    }

    [Fact]
    public async Task A_compensation_before_its_action_keeps_the_action_from_ever_happening()
    {
        await using var mall = await TestMall.OpenAsync();
        var seller = await mall.RegisterAsync();
        var product = mall.Grains.GetGrain<IProductGrain>(await mall.SellAsync(seller, 5));

        await product.ReturnStock(s_branch, 2);
        var late = await product.DecrStock(s_branch, 2);
        await product.ReturnStock(s_branch, 2);

        Assert.True(late.IsRefused);
        Assert.Equal(["5 0"], await mall.SqlAsync("select stock, sold from products"));
        Assert.Equal(["02 action compensate", "02 compensate compensate"], await mall.BarrierAsync("g1"));
    }

    [Fact]
    public async Task Shops_and_products_under_a_key_are_made_once_also_when_asked_for_at_once()
    {
        await using var mall = await TestMall.OpenAsync();
        var seller = await mall.RegisterAsync();
        var open = new OpenShop(seller, "Shop", new Idempotency(seller, "shop", "h"));
        var create = new CreateProduct(seller, null, "Pot", "", 1, 1, new Idempotency(seller, "pot", "h"));

        var shops = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => mall.Grains.GetGrain<IShopDirectoryGrain>(0).Open(open)));
        var products = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => mall.Grains.GetGrain<IProductCatalogGrain>(0).Create(create)));
        var reused = await mall.Grains.GetGrain<IProductCatalogGrain>(0)
            .Create(create with { Idempotency = create.Idempotency! with { RequestHash = "other" } });

        Assert.Single(shops.Select(s => s.Value!.Id).Distinct());
        Assert.Single(products.Select(p => p.Value!.Id).Distinct());
        Assert.Equal(ErrorCodes.KeyReused, reused.Refusal!.Code);
        Assert.Equal(["1 1"], await mall.SqlAsync("select (select count(*) from shops), (select count(*) from products)"));
    }

    [Fact]
    public async Task Guessed_ids_leave_nothing_behind()
    {
        await using var mall = await TestMall.OpenAsync();

        var guesses = await Task.WhenAll(Enumerable.Range(1, 200).Select(i => mall.Grains.GetGrain<IProductGrain>(i).Get()));

        Assert.All(guesses, g => Assert.Equal(ErrorCodes.NoSuchProduct, g.Refusal!.Code));
        await TestMall.EventuallyAsync(
            async () => await mall.Grains.GetGrain<IManagementGrain>(0).GetTotalActivationCount() < 20,
            "the guessed grains go");
    }
}
