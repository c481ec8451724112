using System.Globalization;
using System.Net;
using System.Text.Json;
using Mall.Tests.FrontDoor.Grpc;
using Mall.Tests.Hosting;

namespace Mall.Tests.FrontDoor.Contract;

/// <summary>What shoppers find, in which order, and what they say of it.</summary>
[Collection(nameof(EveryDatabase))]
public sealed class CatalogTests(EveryDatabase databases)
{
    public static TheoryData<string> Databases => EveryDatabase.Names;

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Products_InEachOrder_ComeInPages_EachOnce(string database)
    {
        var mall = await databases.OnAsync(database);
        var (seller, shop, ids) = await ShelfAsync(
            mall, ("Blue teapot", 30), ("Green Tea 100%", 10), ("Cup", 20), ("Blue cup", 10), ("Sencha", 40));
        await mall.RunSqlAsync($"update products set sold = 7, sales = 7 where id in ({ids[1]}, {ids[4]})");
        await mall.RunSqlAsync($"update products set stars = 50, reviews = 10 where id = {ids[2]}");

        foreach (var (sort, order) in new (string, int[])[]
        {
            ("id", [0, 1, 2, 3, 4]), ("price", [1, 3, 2, 0, 4]), ("-price", [4, 0, 2, 3, 1]), ("sales", [4, 1, 3, 2, 0]),
            ("recommended", [2, 4, 1, 3, 0]),
        })
        {
            var seen = await PagesAsync(mall, $"/v1/products?shop={shop}&sort={sort}&limit=2");
            Assert.Equal((sort, string.Join(' ', order.Select(i => ids[i]))), (sort, string.Join(' ', seen)));
        }

        await mall.SendAsync($"DELETE /v1/products/{ids[3]}", token: seller);
        Assert.Equal([ids[0], ids[1], ids[2], ids[4]], await PagesAsync(mall, $"/v1/products?shop={shop}&limit=1"));
        var all = await PagesAsync(mall, "/v1/products?limit=100");
        Assert.Equal([ids[0], ids[1], ids[2], ids[4]], all.Intersect(ids));
        var elsewhere = await mall.SendAsync($"GET /v1/products?shop={shop + 1_000_000}");
        Assert.Equal("""{"items":[],"next":null,"cursor":"MCAw"}""", elsewhere.Body);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Products_AreFoundByWordsOfTheirNames(string database)
    {
        var mall = await databases.OnAsync(database);
        var (seller, shop, ids) = await ShelfAsync(
            mall, ("Blue Teapot", 1), ("TEA, green", 1), ("Cup 100% tea_", 1), ("Öl für Überall", 1),
            ("Cre\u0300me cup", 1), ("茶壶", 1));

        foreach (var (query, found) in new (string, int[])[]
        {
            ("tea", [0, 1, 2]), ("TEAPOT", [0]), ("pot blue", [0]), ("tea cup", [2]), ("100%", [2]), ("a_", [2]), ("%", [2]),
            ("öl ÜBER", [3]), ("CR\u00c8me", [4]), ("茶", [5]), ("coffee", []), ("!", []),
        })
        {
            var path = $"/v1/products?shop={shop}&query={Uri.EscapeDataString(query)}";
            var seen = await PagesAsync(mall, path);
            Assert.Equal((query, string.Join(' ', found.Select(i => ids[i]))), (query, string.Join(' ', seen)));
            Assert.Equal(found.Length, (await PagesAsync(mall, path + "&sort=price&limit=1")).Count);
        }

        await mall.SendAsync($"PATCH /v1/products/{ids[1]}", """{"name":"Coffee"}""", seller);
        Assert.Equal([ids[1]], await PagesAsync(mall, $"/v1/products?shop={shop}&query=coffee"));
        await mall.RunSqlAsync($"update products set search_name = null where shop_id = {shop}"); // As before there was one.
        Assert.Equal([ids[1]], await PagesAsync(mall, $"/v1/products?shop={shop}&query=coffee"));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task List_OverGrpc_IsTheSame(string database)
    {
        var mall = await databases.OnAsync(database);
        var (_, shop, ids) = await ShelfAsync(mall, ("Blue cup", 30), ("Red cup", 10), ("Pot", 20));
        var request = new V1.ListProductsRequest { Shop = shop, Query = "cup", Sort = "price", Limit = 1 };
        var first = await mall.Whole.CallAsync("/mall.v1.Products/List", request);
        Assert.Equal(0, first.Status);
        var page = first.Read<V1.ListProductsResponse>();
        Assert.Equal((ids[1], page.Cursor), (Assert.Single(page.Items).Id, page.Next));
        request.After = page.Next;
        page = (await mall.Whole.CallAsync("/mall.v1.Products/List", request)).Read<V1.ListProductsResponse>();
        Assert.Equal((ids[0], false), (Assert.Single(page.Items).Id, page.HasNext));
        request.Sort = "name";
        var refused = await mall.Whole.CallAsync("/mall.v1.Products/List", request);
        Assert.Equal((3, ErrorCodes.BadParameter), (refused.Status, refused.Code));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Attributes_AreOneObject_ThroughBothDoors(string database)
    {
        var mall = await databases.OnAsync(database);
        var seller = await mall.SellerAsync();
        const string given = """{"z":[1,2.50,{"deep":true}],"a":"Tee \u00fc \"x\"\n","n":null,"big":9007199254740991,"e":1e2}""";
        const string kept = """{"a":"Tee ü \"x\"\n","big":9007199254740991,"e":100,"n":null,"z":[1,2.5,{"deep":true}]}""";
        var created = await mall.SendAsync(
            "POST /v1/products", $$"""{"name":"Pot","stock":1,"price":1,"attributes":{{given}}}""", seller, "attributes");
        Assert.Equal(HttpStatusCode.Created, created.Status);
        AssertSame(kept, created.Json.GetProperty("attributes"));
        var (path, id) = (created.Headers["Location"], created.Json.GetProperty("id").GetInt64());
        AssertSame(kept, (await mall.SendAsync($"GET {path}")).Json.GetProperty("attributes"));
        var shop = created.Json.GetProperty("shopId").GetInt64();
        var listed = (await mall.SendAsync($"GET /v1/products?shop={shop}")).Json.GetProperty("items")[0];
        AssertSame(kept, listed.GetProperty("attributes"));

        var get = new V1.GetProductRequest { Id = id };
        var shown = (await mall.Whole.CallAsync("/mall.v1.Products/Get", get)).Read<V1.Product>();
        var again = new V1.CreateProductRequest { Name = "Pot", Stock = 1, Price = 1, Attributes = shown.Attributes };
        var replay = await mall.Whole.CallAsync("/mall.v1.Products/Create", again, seller, ("idempotency-key", "attributes"));
        Assert.Equal((0, id), (replay.Status, replay.Read<V1.Product>().Id));
        again.Attributes.Fields["a"] = Google.Protobuf.WellKnownTypes.Value.ForString("other");
        var reused = await mall.Whole.CallAsync("/mall.v1.Products/Create", again, seller, ("idempotency-key", "attributes"));
        Assert.Equal(ErrorCodes.KeyReused, reused.Code);

        await mall.SendAsync($"PATCH {path}", """{"price":2}""", seller);
        AssertSame(kept, (await mall.SendAsync($"GET {path}")).Json.GetProperty("attributes"));
        var update = new V1.UpdateProductRequest { Id = id, Attributes = new() };
        Assert.Null((await mall.Whole.CallAsync("/mall.v1.Products/Update", update, seller)).Read<V1.Product>().Attributes);
        Assert.False((await mall.SendAsync($"GET {path}")).Json.TryGetProperty("attributes", out _));
        var changed = await mall.SendAsync($"PATCH {path}", $$"""{"attributes":{{given}}}""", seller);
        AssertSame(kept, changed.Json.GetProperty("attributes"));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Sold_IsToldWhereListsLook_NetOfWhatWasGivenBack(string database)
    {
        var mall = await databases.OnAsync(database);
        var (_, shop, ids) = await ShelfAsync(mall, ("Pot", 1), ("Cup", 1));
        var customer = await mall.UserAsync();
        await OrderAsync(mall, customer, (ids[0], 3));
        var refused = await OrderAsync(mall, customer, (ids[0], 2), (ids[1], 900)); // Gives the first item back.
        Assert.Equal(ErrorCodes.NotEnoughStock, refused.Code);
        await OrderAsync(mall, customer, (ids[1], 4));

        await TestMall.EventuallyAsync(
            async () => (await mall.SendAsync($"GET /v1/shops/{shop}")).Json.GetProperty("sales").GetInt64() == 7,
            "the shop tells that it has sold 7");
        Assert.Equal([ids[1], ids[0]], await PagesAsync(mall, $"/v1/products?shop={shop}&sort=sales"));
        var shops = await ItemsAsync(mall, "/v1/shops?sort=sales&limit=2", "sales");
        Assert.Equal(shops.OrderDescending(), shops);
        Assert.Contains(7, shops);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Review_IsForWhoeverHasPaid_Once(string database)
    {
        var mall = await databases.OnAsync(database);
        var (_, shop, ids) = await ShelfAsync(mall, ("Pot", 1), ("Cup", 1));
        var path = $"/v1/products/{ids[0]}/reviews";
        const string good = """{"stars":5,"text":"Keeps warm.\nYes."}""";
        var none = (await mall.SendAsync($"GET {path}")).Body;
        Assert.Matches("""^{"items":\[\],"next":null,"cursor":"[0-9A-Za-z_-]+","average":0,"count":0}$""", none);

        var customers = new List<string>();
        for (var i = 0; i < 3; i++) customers.Add(await mall.UserAsync());
        Assert.Equal(403, (int)(await mall.SendAsync($"POST {path}", good, customers[0])).Status);
        foreach (var customer in customers)
        {
            var order = await OrderAsync(mall, customer, (ids[0], 1));
            var unpaid = await mall.SendAsync($"POST {path}", good, customer, "review");
            Assert.Equal((403, ErrorCodes.Forbidden), ((int)unpaid.Status, unpaid.Code));
            await mall.RunSqlAsync($"update orders set status = 1 where id = {order.Json.GetProperty("id")}");
        }

        var first = await mall.SendAsync($"POST {path}", good, customers[0], "review");
        Assert.Equal((HttpStatusCode.Created, path), (first.Status, first.Headers["Location"]));
        var fields = first.Json.EnumerateObject().Select(field => field.Name);
        Assert.Equal(["id", "productId", "userId", "stars", "text", "createdAt"], fields);
        var replay = await mall.SendAsync($"POST {path}", good, customers[0], "review");
        Assert.Equal((first.Status, first.Body), (replay.Status, replay.Body));
        var reused = await mall.SendAsync($"POST {path}", """{"stars":4}""", customers[0], "review");
        Assert.Equal(ErrorCodes.KeyReused, reused.Code);
        var second = await mall.SendAsync($"POST {path}", good, customers[0]);
        Assert.Equal((409, ErrorCodes.OrderStatusForbids), ((int)second.Status, second.Code));
        var atOnce = await Task.WhenAll(
            Enumerable.Range(0, 4).Select(_ => mall.SendAsync($"POST {path}", """{"stars":4}""", customers[1])));
        Assert.Equal([201, 409, 409, 409], atOnce.Select(answer => (int)answer.Status).Order());
        await mall.SendAsync($"POST {path}", """{"stars":4,"text":"So so."}""", customers[2]);

        var page = (await mall.SendAsync($"GET {path}?limit=1")).Json;
        Assert.Equal((4.33, 3), (page.GetProperty("average").GetDouble(), page.GetProperty("count").GetInt32()));
        Assert.Equal(3, (await PagesAsync(mall, $"{path}?limit=1")).Count);
        Assert.Equal("So so.", page.GetProperty("items")[0].GetProperty("text").GetString());
        Assert.Equal(4.33, (await mall.SendAsync($"GET /v1/shops/{shop}")).Json.GetProperty("rating").GetDouble());
        Assert.Equal([ids[0], ids[1]], await PagesAsync(mall, $"/v1/products?shop={shop}&sort=recommended"));
        var ratings = await ItemsAsync(mall, "/v1/shops?sort=rating&limit=2", "rating");
        Assert.Equal(ratings.OrderDescending(), ratings);
        Assert.Equal(ErrorCodes.NoSuchProduct, (await mall.SendAsync("GET /v1/products/999999999/reviews")).Code);
        var nowhere = await mall.SendAsync("POST /v1/products/999999999/reviews", good, customers[0]);
        Assert.Equal(ErrorCodes.NoSuchProduct, nowhere.Code);
    }

    private static async Task<(string Seller, long Shop, long[] Products)> ShelfAsync(
        ContractMall mall, params (string Name, int Price)[] products)
    {
        var token = await mall.UserAsync();
        var shop = (await mall.SendAsync("POST /v1/shops", """{"name":"Shelf"}""", token)).Json.GetProperty("id").GetInt64();
        var ids = new List<long>();
        foreach (var (name, price) in products)
        {
            var json = JsonSerializer.Serialize(new { name, stock = 100, price, shopId = shop });
            ids.Add((await mall.SendAsync("POST /v1/products", json, token)).Json.GetProperty("id").GetInt64());
        }

        return (token, shop, [.. ids]);
    }

    private static Task<Answer> OrderAsync(ContractMall mall, string token, params (long Product, int Quantity)[] lines) =>
        mall.SendAsync(
            "POST /v1/orders",
            JsonSerializer.Serialize(
                new { items = lines.Select(line => new { productId = line.Product, quantity = line.Quantity }) }),
            token);

    /// <summary>The ids of all pages.</summary>
    private static async Task<List<long>> PagesAsync(ContractMall mall, string path) =>
        [.. (await ItemsAsync(mall, path, "id")).Select(id => (long)id)];

    private static async Task<List<double>> ItemsAsync(ContractMall mall, string path, string field)
    {
        var values = new List<double>();
        var and = path.Contains('?', StringComparison.Ordinal) ? '&' : '?';
        for (string? after = ""; after is not null;)
        {
            var page = await mall.SendAsync(string.Create(CultureInfo.InvariantCulture, $"GET {path}{and}after={after}"));
            Assert.True(page.Status == HttpStatusCode.OK, page.Body);
            values.AddRange(page.Json.GetProperty("items").EnumerateArray().Select(item => item.GetProperty(field).GetDouble()));
            after = page.Json.GetProperty("next").GetString();
        }

        return values;
    }

    private static void AssertSame(string json, JsonElement shown) =>
        Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(json).RootElement, shown), shown.GetRawText());
}
