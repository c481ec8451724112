using System.Net;
using System.Text.RegularExpressions;
using Google.Protobuf;
using Mall.Tests.FrontDoor.Grpc;
using Mall.Tests.Hosting;

namespace Mall.Tests.FrontDoor.Contract;

/// <summary>One user, one key, one request; and its first answer for ever.</summary>
[Collection(nameof(EveryDatabase))]
public sealed partial class KeyTests(EveryDatabase databases)
{
    private const string Pot = """{"name":"Pot","stock":100,"price":1250}""";

    public static TheoryData<string> Databases => EveryDatabase.Names;

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Replay_WhenTheWorldHasMovedOn_GivesTheFirstAnswerToTheByte(string database)
    {
        var mall = await databases.OnAsync(database);
        var seller = await mall.SellerAsync();
        var product = await ProductAsync(mall, seller);
        await mall.SendAsync($"PUT /v1/cart/items/{product}", """{"quantity":2}""", seller);
        var requests = Requests(product);
        var firsts = new List<Answer>();
        foreach (var (i, (request, json, _)) in requests.Index())
            firsts.Add(await mall.SendAsync(request, json, seller, $"first-{i}"));

        var pot = firsts[1].Headers["Location"];
        await mall.SendAsync($"PATCH {pot}", """{"price":99,"name":"Cup","desc":"blue","status":0}""", seller);
        await mall.SendAsync($"POST {pot}/stock", """{"delta":7}""", seller);
        await mall.SendAsync($"POST /v1/products/{product}/stock", """{"delta":7}""", seller);
        await mall.SendAsync($"PATCH /v1/products/{product}", """{"price":99,"name":"Cup"}""", seller);
        await mall.RunSqlAsync("update shops set sales = 7, stars = 9, reviews = 2");

        foreach (var (i, (request, json, status)) in requests.Index())
        {
            var again = await mall.SendAsync(request, json, seller, $"first-{i}");
            Assert.Equal((request, status, status), (request, (int)firsts[i].Status, (int)again.Status));
            Assert.Equal(WithoutTrace(firsts[i]), WithoutTrace(again));
        }
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Key_WhenItHasBeenUsed_IsForNothingElse(string database)
    {
        var mall = await databases.OnAsync(database);
        var seller = await mall.SellerAsync();
        var product = await ProductAsync(mall, seller);
        await mall.SendAsync($"PUT /v1/cart/items/{product}", """{"quantity":2}""", seller);
        var requests = Requests(product);
        foreach (var (i, (request, json, status)) in requests.Index())
        {
            if (status == 400) continue; // It frees its key.
            Assert.Equal((request, status), (request, (int)(await mall.SendAsync(request, json, seller, $"only-{i}")).Status));
            foreach (var (other, body, _) in requests.Where((_, j) => j != i && !IsWithAndWithoutWaiting(i, j)))
            {
                var refused = await mall.SendAsync(other, body, seller, $"only-{i}");
                Assert.Equal((request, other, 409), (request, other, (int)refused.Status));
                Assert.Equal((request, other, ErrorCodes.KeyReused), (request, other, refused.Code));
            }
        }

        // The same user over gRPC has the same keys.
        var call = await mall.Whole.CallAsync(
            "/mall.v1.Products/AdjustStock", new V1.AdjustStockRequest { Id = product, Delta = 1 }, seller,
            ("idempotency-key", "only-0"));
        Assert.Equal((6, ErrorCodes.KeyReused), (call.Status, call.Code));

        bool IsWithAndWithoutWaiting(int i, int j) => requests[i].Request.Split('?')[0] == requests[j].Request.Split('?')[0]
            && requests[i].Json == requests[j].Json;
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Key_WhenTwoRequestsComeWithItAtOnce_IsForOneOfThem(string database)
    {
        var mall = await databases.OnAsync(database);
        var seller = await mall.SellerAsync();
        var product = await ProductAsync(mall, seller);
        for (var i = 0; i < 10; i++)
        {
            var answers = await Task.WhenAll(
                mall.SendAsync("POST /v1/shops", """{"name":"More tea"}""", seller, $"at-once-{i}"),
                mall.SendAsync("POST /v1/orders", Order(product, 1), seller, $"at-once-{i}"),
                mall.SendAsync($"POST /v1/products/{product}/stock", """{"delta":1}""", seller, $"at-once-{i}"));

            Assert.Single(answers, answer => answer.Status is HttpStatusCode.Created or HttpStatusCode.OK);
            Assert.Equal(2, answers.Count(a => a.Status == HttpStatusCode.Conflict && a.Code == ErrorCodes.KeyReused));
        }
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Key_WhenItsRequestWasRefusedBeforeItBegan_IsFreeForAnother(string database)
    {
        var mall = await databases.OnAsync(database);
        var seller = await mall.SellerAsync();
        var product = await ProductAsync(mall, seller);
        (string Bad, string BadJson, int Status, string Good, string GoodJson)[] pairs =
        [
            ("POST /v1/orders", Order(987_654, 1), 404, "POST /v1/orders", Order(product, 1)),
            ("POST /v1/products", """{"name":"Pot","stock":1,"price":1,"shopId":987654}""", 404, "POST /v1/products", Pot),
            ($"POST /v1/products/{product}/stock", """{"delta":-5000}""", 409, "POST /v1/products", Pot),
            ("POST /v1/products/987654/stock", """{"delta":5}""", 404, "POST /v1/shops", """{"name":"Tea"}"""),
            ("POST /v1/shops", """{"name":""}""", 400, "POST /v1/orders", Order(product, 1)),
        ];
        foreach (var (i, (bad, badJson, status, good, goodJson)) in pairs.Index())
        {
            Assert.Equal((bad, status), (bad, (int)(await mall.SendAsync(bad, badJson, seller, $"free-{i}")).Status));
            Assert.True((int)(await mall.SendAsync(good, goodJson, seller, $"free-{i}")).Status is 200 or 201, good);
        }
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Key_OfAStranger_IsAnotherKey(string database)
    {
        var mall = await databases.OnAsync(database);
        for (var i = 0; i < 2; i++)
        {
            var json = $$"""{"mobile":"{{ContractMall.NewMobile()}}","password":"correct horse"}""";
            var first = await mall.SendAsync("POST /v1/users", json, key: "1");
            Assert.Equal(HttpStatusCode.Created, first.Status);
            Assert.Equal(first.Body, (await mall.SendAsync("POST /v1/users", json, key: "1")).Body);
        }
    }

    [Theory]
    [InlineData(2, 201)]
    [InlineData(901, 409)]
    public async Task Replay_ByWhoDoesNotWait_IsTheGidWhateverHasBecomeOfIt(int quantity, int waited)
    {
        var mall = await databases.OnAsync("SQLite");
        var seller = await mall.SellerAsync();
        var product = await ProductAsync(mall, seller);
        await mall.SendAsync($"PUT /v1/cart/items/{product}", $$"""{"quantity":{{quantity}}}""", seller);
        foreach (var (request, json) in new[] { ("POST /v1/orders", Order(product, quantity)), ("POST /v1/cart/checkout", null) })
        {
            var key = $"aside-{quantity}-{json is null}";
            Assert.Equal(waited, (int)(await mall.SendAsync(request, json, seller, key)).Status);
            var submitted = await mall.SendAsync(request + "?wait=false", json, seller, key);
            Assert.Equal((request, HttpStatusCode.Accepted), (request, submitted.Status));
            Assert.Equal("gid", Assert.Single(submitted.Json.EnumerateObject()).Name);
            Assert.Equal(waited, (int)(await mall.SendAsync(request, json, seller, key)).Status);
        }
    }

    [Fact]
    public async Task Replay_OverGrpc_GivesWhatWasAnsweredOverRest()
    {
        var mall = await databases.OnAsync("SQLite");
        var seller = await mall.SellerAsync();
        var product = await ProductAsync(mall, seller);
        await mall.SendAsync("POST /v1/products", Pot, seller, "both-doors-1");
        await mall.SendAsync($"POST /v1/products/{product}/stock", """{"delta":5}""", seller, "both-doors-2");
        var order = await mall.SendAsync("POST /v1/orders", Order(product, 1), seller, "both-doors-3");
        await mall.SendAsync($"PATCH /v1/products/{product}", """{"price":99}""", seller);

        var pot = new V1.CreateProductRequest { Name = "Pot", Stock = 100, Price = 1250 };
        var created = await CallAsync<V1.Product>("/mall.v1.Products/Create", pot, "both-doors-1");
        Assert.Equal((1250, 100, 1), (created.Price, created.Stock, created.Status));
        var delta = new V1.AdjustStockRequest { Id = product, Delta = 5 };
        var adjusted = await CallAsync<V1.AdjustStockResponse>("/mall.v1.Products/AdjustStock", delta, "both-doors-2");
        Assert.Equal(105, adjusted.Stock);
        var item = new V1.PlaceOrderRequest.Types.Item { ProductId = product, Quantity = 1 };
        var items = new V1.PlaceOrderRequest { Items = { item } };
        var placed = await CallAsync<V1.PlaceOrderResponse>("/mall.v1.Orders/Place", items, "both-doors-3");
        Assert.Equal(order.Json.GetProperty("id").GetInt64(), placed.Order.Id);

        async Task<T> CallAsync<T>(string method, IMessage message, string key) where T : IMessage<T>, new()
        {
            var answer = await mall.Whole.CallAsync(method, message, seller, ("idempotency-key", key));
            Assert.Equal(0, answer.Status);
            return answer.Read<T>();
        }
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Replay_OfAPush_GivesWhatTheOperatorWasToldAtFirst(string database)
    {
        var mall = await databases.OnAsync(database);
        var gid = Guid.NewGuid().ToString("N");
        await InsertSagaAsync(mall, gid, "'aborting'");

        var first = await mall.SendAsync($"POST /v1/sagas/{gid}/retry", token: Jwt.Operator, key: gid);
        Assert.Equal(HttpStatusCode.OK, first.Status);
        await TestMall.EventuallyAsync(
            async () => (await mall.SendAsync($"GET /v1/sagas/{gid}", token: Jwt.Operator)).Body.Contains("\"failed\""),
            "it is compensated");
        var again = await mall.SendAsync($"POST /v1/sagas/{gid}/retry", token: Jwt.Operator, key: gid);
        Assert.Equal((first.Status, first.Body), (again.Status, again.Body));
        var other = await mall.SendAsync($"POST /v1/sagas/{gid}/abort", token: Jwt.Operator, key: gid);
        Assert.Equal(ErrorCodes.KeyReused, other.Code);
        var ended = await mall.SendAsync($"POST /v1/sagas/{gid}/retry", token: Jwt.Operator, key: gid + "-2");
        Assert.Equal(ErrorCodes.SagaStatusForbids, ended.Code);
    }

    /// <summary>An order's saga with nothing to be undone, as if cut off.</summary>
    internal static Task InsertSagaAsync(ContractMall mall, string gid, string status) => mall.RunSqlAsync(
        $$"""
        insert into sagas (gid, kind, status, payload, reason, version, create_time, update_time)
        values ('{{gid}}', 'order', {{status}}, '{"id":1,"gid":"{{gid}}","userId":1,"items":[],"amount":0,"status":0,
        "createdAt":"2026-01-01T00:00:00+00:00","closesAt":"2026-01-01T00:20:00+00:00"}', '600002 Aborted.', 1, 1, 1)
        """);

    /// <summary>Every kind of request that a key is for, and what it is answered; each under a key of its own.</summary>
    private static (string Request, string? Json, int Status)[] Requests(long product) =>
    [
        ("POST /v1/shops", """{"name":"Tea and more"}""", 201),
        ("POST /v1/products", Pot, 201),
        ($"POST /v1/products/{product}/stock", """{"delta":5}""", 200),
        ($"POST /v1/products/{product}/stock", """{"delta":6}""", 200),
        ("POST /v1/orders", Order(product, 1), 201),
        ("POST /v1/orders?wait=false", Order(product, 2), 202),
        ("POST /v1/orders", Order(product, 900), 409),
        ("POST /v1/orders?wait=false", Order(product, 901), 202),
        ("POST /v1/cart/checkout", null, 201),
        ("POST /v1/cart/checkout?wait=false", null, 400),
    ];

    private static string Order(long product, int quantity) =>
        $$"""{"items":[{"productId":{{product}},"quantity":{{quantity}}}]}""";

    private static Task<long> ProductAsync(ContractMall mall, string seller) => mall.Whole.SellAsync(seller, stock: 100);

    private static string WithoutTrace(Answer answer) => TraceId.Replace(answer.Body, "");

    [GeneratedRegex("\"traceId\":\"[0-9a-f]*\"")]
    private static partial Regex TraceId { get; }
}
