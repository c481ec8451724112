using System.Net;
using System.Text.Json;
using Mall.Tests.Hosting;

namespace Mall.Tests.FrontDoor;

/// <summary>What customers and sellers do at the REST door, with exactly the fields of the contract.</summary>
[Collection(nameof(FrontDoorMall))]
public sealed class JourneyTests(FrontDoorMall door)
{
    private static readonly string[] s_user = ["id", "name", "gender", "mobile", "points"];
    private static readonly string[] s_shop = ["id", "name", "rating", "sales"];
    private static readonly string[] s_product = ["id", "name", "desc", "stock", "price", "status", "shopId"];
    private static readonly string[] s_order =
        ["id", "gid", "userId", "items", "amount", "status", "statusText", "createdAt", "closesAt"];

    private WholeMall Mall => door.Mall;

    [Fact]
    public async Task Newcomer_RegistersAndSignsIn()
    {
        var registered = await Mall.SendAsync(
            "POST", "/v1/users", """{"mobile":"+4915100000001","password":"correct horse","name":"Zoë 好","gender":"female"}""");
        Assert.Equal(HttpStatusCode.Created, registered.Status);
        Assert.Equal(s_user, Fields(registered));
        Assert.Equal("Zoë 好", registered.Json.GetProperty("name").GetString());
        Assert.Equal(10, registered.Json.GetProperty("points").GetInt64());

        var session = await Mall.SendAsync("POST", "/v1/sessions", """{"mobile":"+4915100000001","password":"correct horse"}""");
        Assert.Equal(HttpStatusCode.OK, session.Status);
        Assert.Equal(["accessToken", "accessExpire", "refreshAfter", "refreshToken"], Fields(session));
        Assert.Equal("no-store", session.Headers["Cache-Control"]);
        var lifetime = session.Json.GetProperty("accessExpire").GetInt64() - session.Json.GetProperty("refreshAfter").GetInt64();
        Assert.Equal(3600, lifetime);

        var me = await Mall.SendAsync("GET", "/v1/users/me", token: session.Json.GetProperty("accessToken").GetString());
        Assert.Equal(registered.Body, me.Body);
    }

    [Fact]
    public async Task Registration_WhenRepeatedUnderItsKey_IsTheSameUserUnlessAnythingDiffers()
    {
        const string body = """{"mobile":"13700000001","password":"correct horse","name":"Ann"}""";
        var first = await Mall.SendAsync("POST", "/v1/users", body, key: "registration-1");
        var again = await Mall.SendAsync("POST", "/v1/users", body, key: "registration-1");
        Assert.Equal((first.Status, first.Body), (again.Status, again.Body));

        foreach (var part in new[] { "Ann", "correct" })
        {
            var other = body.Replace(part, "13700000009", StringComparison.Ordinal);
            var refused = await Mall.SendAsync("POST", "/v1/users", other, key: "registration-1");
            Assert.Equal((HttpStatusCode.Conflict, ErrorCodes.KeyReused), (refused.Status, refused.Code));
        }

        // A stranger who happens to use the same key: each mobile has keys of its own.
        var stranger = body.Replace("13700000001", "13700000009", StringComparison.Ordinal);
        Assert.Equal(
            HttpStatusCode.Created, (await Mall.SendAsync("POST", "/v1/users", stranger, key: "registration-1")).Status);
    }

    [Fact]
    public async Task Seller_OpensAShopAndSells()
    {
        var (_, token) = await Mall.RegisterAsync("13700000002");
        var shop = await Mall.SendAsync("POST", "/v1/shops", """{"name":"Porcelain"}""", token);
        Assert.Equal(HttpStatusCode.Created, shop.Status);
        Assert.Equal(s_shop, Fields(shop));
        Assert.Equal(shop.Body, (await Mall.SendAsync("GET", shop.Headers["Location"])).Body);

        // The token is older than the shop, and still its owner is a seller.
        var cup = """{"name":"Cup","desc":"One\nline more","stock":3,"price":0}""";
        var product = await Mall.SendAsync("POST", "/v1/products", cup, token);
        Assert.Equal(HttpStatusCode.Created, product.Status);
        Assert.Equal(s_product, Fields(product));
        var path = product.Headers["Location"];
        Assert.Equal(product.Body, (await Mall.SendAsync("GET", path)).Body);

        var changed = await Mall.SendAsync("PATCH", path, """{"price":99,"desc":""}""", token);
        Assert.Equal((99, "", "Cup"), (Number(changed, "price"), Text(changed, "desc"), Text(changed, "name")));
        Assert.Equal("""{"stock":5}""", (await Mall.SendAsync("POST", path + "/stock", """{"delta":2}""", token)).Body);
        Assert.Equal("""{"stock":0}""", (await Mall.SendAsync("POST", path + "/stock", """{"delta":-5}""", token)).Body);

        var removed = await Mall.SendAsync("DELETE", path, token: token);
        Assert.Equal((HttpStatusCode.NoContent, ""), (removed.Status, removed.Body));
        Assert.Equal(0, Number(await Mall.SendAsync("GET", path), "status"));
    }

    [Fact]
    public async Task Stock_WhenAdjustedTwiceUnderOneKey_ChangesOnce()
    {
        var product = await Mall.SellAsync(door.Seller.Token, stock: 10);
        var path = $"/v1/products/{product}/stock";
        for (var i = 0; i < 2; i++)
        {
            var adjusted = await Mall.SendAsync("POST", path, """{"delta":5}""", door.Seller.Token, "stock-1");
            Assert.Equal("""{"stock":15}""", adjusted.Body);
        }
    }

    [Fact]
    public async Task Order_WhenPlaced_IsAnsweredAndFound()
    {
        var cup = await Mall.SellAsync(door.Seller.Token, stock: 10, price: 125);
        var pot = await Mall.SellAsync(door.Seller.Token, stock: 10, price: 1000);

        var placed = await Mall.SendAsync("POST", "/v1/orders", Items((cup, 1), (pot, 2), (cup, 3)), door.Customer.Token);

        Assert.Equal(HttpStatusCode.Created, placed.Status);
        Assert.Equal(s_order, Fields(placed));
        Assert.Equal((2500, 0, "created"), (Number(placed, "amount"), Number(placed, "status"), Text(placed, "statusText")));
        Assert.Equal(door.Customer.Id, Number(placed, "userId"));
        Assert.Equal(
            [
                $$"""{"productId":{{cup}},"name":"Teapot","quantity":4,"price":125}""",
                $$"""{"productId":{{pot}},"name":"Teapot","quantity":2,"price":1000}""",
            ],
            placed.Json.GetProperty("items").EnumerateArray().Select(item => item.GetRawText()));
        Assert.EndsWith("Z", Text(placed, "createdAt"), StringComparison.Ordinal);
        Assert.True(placed.Json.GetProperty("closesAt").GetDateTime() > placed.Json.GetProperty("createdAt").GetDateTime());
        Assert.Equal(placed.Body, (await Mall.SendAsync("GET", placed.Headers["Location"], token: door.Customer.Token)).Body);
    }

    [Fact]
    public async Task Order_WhenNobodyWaits_IsFoundUnderItsGid()
    {
        var product = await Mall.SellAsync(door.Seller.Token, stock: 1);
        var (_, token) = await Mall.RegisterAsync("13700000003");

        var submitted = await Mall.SendAsync("POST", "/v1/orders?wait=false", Items((product, 1)), token);

        Assert.Equal(HttpStatusCode.Accepted, submitted.Status);
        Assert.Equal(["gid"], Fields(submitted));
        await TestMall.EventuallyAsync(IsListed, "the order shows in the list");

        async Task<bool> IsListed()
        {
            var list = await Mall.SendAsync("GET", submitted.Headers["Location"], token: token);
            return list.Body.Contains(Text(submitted, "gid"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Order_WhenRepeatedUnderItsKey_IsTheSameOrderUnlessItDiffers()
    {
        var product = await Mall.SellAsync(door.Seller.Token, stock: 1);
        var first = await Mall.SendAsync("POST", "/v1/orders", Items((product, 1)), door.Customer.Token, "order-1");
        Assert.Equal(HttpStatusCode.Created, first.Status);

        var again = await Mall.SendAsync("POST", "/v1/orders", Items((product, 1)), door.Customer.Token, "order-1");
        Assert.Equal(first.Body, again.Body);
        var other = await Mall.SendAsync("POST", "/v1/orders", Items((product, 2)), door.Customer.Token, "order-1");
        Assert.Equal((HttpStatusCode.Conflict, ErrorCodes.KeyReused), (other.Status, other.Code));
        var somebodyElse = await Mall.SendAsync("POST", "/v1/orders", Items((product, 1)), door.Seller.Token, "order-1");
        Assert.Equal((HttpStatusCode.Conflict, ErrorCodes.NotEnoughStock), (somebodyElse.Status, somebodyElse.Code));
    }

    [Fact]
    public async Task Orders_WhenListed_ComeInPages()
    {
        var product = await Mall.SellAsync(door.Seller.Token, stock: 100);
        var (_, token) = await Mall.RegisterAsync("13700000004");
        var placed = new List<long>();
        for (var i = 0; i < 5; i++)
            placed.Add(Number(await Mall.SendAsync("POST", "/v1/orders", Items((product, 1)), token), "id"));

        var listed = new List<long>();
        var sizes = new List<int>();
        var cursor = "";
        for (var after = ""; after is not null;)
        {
            var page = (await Mall.SendAsync("GET", $"/v1/orders?limit=2&status=0{after}", token: token)).Json;
            var ids = page.GetProperty("items").EnumerateArray().Select(order => order.GetProperty("id").GetInt64()).ToArray();
            listed.AddRange(ids);
            sizes.Add(ids.Length);
            cursor = page.GetProperty("cursor").GetString()!;
            after = page.GetProperty("next").GetString() is { } next ? $"&after={next}" : null;
        }

        Assert.Equal(placed, listed);
        Assert.Equal([2, 2, 1], sizes);
        var nothing = $$"""{"items":[],"next":null,"cursor":"{{cursor}}"}""";
        Assert.Equal(nothing, (await Mall.SendAsync("GET", $"/v1/orders?after={cursor}", token: token)).Body);
        placed.Add(Number(await Mall.SendAsync("POST", "/v1/orders", Items((product, 1)), token), "id"));
        Assert.Equal([placed[^1]], await IdsAsync($"after={cursor}"));
        Assert.Equal([placed[^1], placed[^2]], await IdsAsync("order=new&limit=2"));
        Assert.Empty(await IdsAsync("status=9"));

        async Task<long[]> IdsAsync(string query) =>
        [
            .. (await Mall.SendAsync("GET", $"/v1/orders?{query}", token: token)).Json.GetProperty("items").EnumerateArray()
                .Select(order => order.GetProperty("id").GetInt64()),
        ];
    }

    [Fact]
    public async Task Operator_LooksAtSagas()
    {
        var product = await Mall.SellAsync(door.Seller.Token, stock: 1);
        var placed = await Mall.SendAsync("POST", "/v1/orders", Items((product, 1)), door.Customer.Token);

        // The customer is told before the saga's end is written.
        var saga = await AskAsync();
        while (Text(saga, "status") == "submitted") saga = await AskAsync();
        Task<Answer> AskAsync() => Mall.SendAsync("GET", $"/v1/sagas/{Text(placed, "gid")}", token: Jwt.Operator);
        Assert.Equal(HttpStatusCode.OK, saga.Status);
        Assert.Equal("succeed", Text(saga, "status"));
        Assert.Equal(
            ["01 action action", "02 action action"],
            saga.Json.GetProperty("barrier").EnumerateArray()
                .Select(row => $"{row.GetProperty("branchId")} {row.GetProperty("op")} {row.GetProperty("reason")}"));

        var list = await Mall.SendAsync("GET", "/v1/sagas?status=succeed&limit=100", token: Jwt.Operator);
        var listed = Assert.Single(
            list.Json.GetProperty("items").EnumerateArray(),
            item => item.GetProperty("gid").GetString() == Text(placed, "gid"));
        Assert.Equal(saga.Json.GetRawText(), listed.GetRawText());
        var ended = await Mall.SendAsync("POST", $"/v1/sagas/{Text(placed, "gid")}/abort", token: Jwt.Operator);
        Assert.Equal((HttpStatusCode.Conflict, ErrorCodes.SagaStatusForbids), (ended.Status, ended.Code));
    }

    [Theory]
    [InlineData(true, null, "user")]
    [InlineData(true, "/v1/shops/1", "user")]
    [InlineData(false, "/v1/shops/1?x=1", "0")]
    [InlineData(false, "/v1/users", "0")]
    [InlineData(false, "/v1/sessions", "0")]
    [InlineData(false, "/v1/products/7", "0")]
    [InlineData(false, null, null)]
    [InlineData(false, "", null)]
    [InlineData(false, "/v1/orders", null)]
    [InlineData(false, "/v1/users/me", null)]
    [InlineData(false, "/v1/cart", null)]
    [InlineData(false, "/v1/products/7/stock", null)]
    [InlineData(false, "/v1/shops/../orders", null)]
    [InlineData(false, "/v1/shops/..%2forders", null)]
    [InlineData(false, "//v1/shops/1", null)]
    [InlineData(false, "http://elsewhere/v1/shops/1", null)]
    public async Task Gateway_WhenItAsks_IsToldWhoseTheRequestIs(bool withToken, string? originalUri, string? user)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/auth/verify");
        if (withToken) request.Headers.Authorization = new("Bearer", door.Customer.Token);
        if (originalUri is not null) request.Headers.Add("X-Original-URI", originalUri);
        using var response = await Mall.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var answer = await Answer.ReadAsync(response);

        if (user is null)
        {
            Assert.Equal((HttpStatusCode.Unauthorized, ErrorCodes.Unauthenticated), (answer.Status, answer.Code));
            return;
        }

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(user == "user" ? $"{door.Customer.Id}" : user, answer.Headers["X-User"]);
    }

    private static string Items(params (long Product, int Quantity)[] items)
    {
        var lines = items.Select(item => $$"""{"productId":{{item.Product}},"quantity":{{item.Quantity}}}""");
        return $$"""{"items":[{{string.Join(',', lines)}}]}""";
    }

    private static IEnumerable<string> Fields(Answer answer) => answer.Json.EnumerateObject().Select(field => field.Name);

    private static long Number(Answer answer, string field) => answer.Json.GetProperty(field).GetInt64();

    private static string Text(Answer answer, string field) => answer.Json.GetProperty(field).GetString()!;
}
