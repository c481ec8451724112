using System.Globalization;
using System.Net;
using System.Text.Json;
using Mall.Products;
using Mall.Sagas;
using Mall.Tests.FrontDoor.Grpc;
using Mall.Tests.Hosting;

namespace Mall.Tests.FrontDoor.Contract;

/// <summary>Where a client is wrong it is told how, and what it is told is true to the last digit.</summary>
[Collection(nameof(EveryDatabase))]
public sealed class PlainAnswerTests(EveryDatabase databases)
{
    public static TheoryData<string> Databases => EveryDatabase.Names;

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Amount_ThatNoDoubleHolds_IsRefused(string database)
    {
        var mall = await databases.OnAsync(database);
        var seller = await mall.SellerAsync();
        var products = new List<long>();
        for (var i = 0; i < 11; i++) products.Add(await mall.Whole.SellAsync(seller, stock: 1000, price: 999_999_999_999));

        var refused = await mall.SendAsync("POST /v1/orders", Order(products), seller);
        Assert.Equal((HttpStatusCode.BadRequest, ErrorCodes.BadParameter), (refused.Status, refused.Code));
        Assert.True(refused.Json.GetProperty("errors").TryGetProperty("items", out _), refused.Body);
        var request = new V1.PlaceOrderRequest();
        request.Items.AddRange(products.Select(id => new V1.PlaceOrderRequest.Types.Item { ProductId = id, Quantity = 999 }));
        var call = await mall.Whole.CallAsync("/mall.v1.Orders/Place", request, seller);
        Assert.Equal((3, ErrorCodes.BadParameter), (call.Status, call.Code));

        foreach (var (i, product) in products.Index())
        {
            var cart = await mall.SendAsync($"PUT /v1/cart/items/{product}", """{"quantity":999}""", seller);
            Assert.Equal((i, i < 9 ? 200 : 400), (i, (int)cart.Status));
            if (i < 9) continue;
            Assert.Equal(
                "quantity would make the cart amount to more than 9007199254740991: order less at once, or empty it.",
                cart.Json.GetProperty("detail").GetString());
        }

        var full = await mall.SendAsync("GET /v1/cart", token: seller);
        Assert.Equal(9 * 999 * 999_999_999_999, full.Json.GetProperty("amount").GetInt64());
        var placed = await mall.SendAsync("POST /v1/cart/checkout", token: seller);
        Assert.Equal(9 * 999 * 999_999_999_999, placed.Json.GetProperty("amount").GetInt64());
    }

    [Fact]
    public async Task Amount_OfOneDearProduct_IsRefusedWhereItDoesNotFit()
    {
        var mall = await databases.OnAsync("SQLite");
        var seller = await mall.SellerAsync();
        var products = new[] { await DearAsync(), await DearAsync() };

        foreach (var items in (string[])[$"[{Item(0, 1000)},{Item(1, 1000)}]", $"[{Item(0, 2)}]", $"[{Item(0, 1)},{Item(1, 1)}]"])
        {
            var refused = await mall.SendAsync("POST /v1/orders", $$"""{"items":{{items}}}""", seller);
            Assert.Equal((HttpStatusCode.BadRequest, ErrorCodes.BadParameter), (refused.Status, refused.Code));
        }

        var placed = await mall.SendAsync("POST /v1/orders", $$"""{"items":[{{Item(1, 1)}}]}""", seller);
        Assert.Equal(ExactNumbers.Max, placed.Json.GetProperty("amount").GetInt64());
        await mall.SendAsync($"PUT /v1/cart/items/{products[0]}", """{"quantity":1}""", seller);
        var cart = await mall.SendAsync($"PUT /v1/cart/items/{products[1]}", """{"quantity":1000}""", seller);
        Assert.Equal((HttpStatusCode.BadRequest, ErrorCodes.BadParameter), (cart.Status, cart.Code));

        Task<long> DearAsync() => mall.Whole.SellAsync(seller, stock: ExactNumbers.Max, price: ExactNumbers.Max);

        string Item(int product, int quantity) => $$"""{"productId":{{products[product]}},"quantity":{{quantity}}}""";
    }

    [Fact]
    public async Task Stock_ThatNoDoubleHolds_IsRefused()
    {
        await using var mall = await TestMall.OpenAsync();
        var seller = await mall.RegisterAsync();
        var product = mall.Grains.GetGrain<IProductGrain>(await mall.SellAsync(seller, stock: 1));

        var refused = await product.AdjustStock(seller, ExactNumbers.Max, null);

        Assert.Equal((ErrorCodes.BadParameter, "delta"), (refused.Refusal?.Code, refused.Refusal?.Field));
        Assert.Equal(ExactNumbers.Max, (await product.AdjustStock(seller, ExactNumbers.Max - 1, null)).Value);

        var sold = new Branch("one that may come back", "01");
        await product.DecrStock(sold, 1, null);
        Assert.Equal(ErrorCodes.BadParameter, (await product.AdjustStock(seller, 1, null)).Refusal?.Code);
        await product.ReturnStock(sold, 1);
        Assert.Equal(ExactNumbers.Max, (await product.Get()).Value?.Stock);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Order_WhenItIsVoid_SaysWhy(string database)
    {
        var mall = await databases.OnAsync(database);
        var seller = await mall.SellerAsync();
        var product = await mall.Whole.SellAsync(seller, stock: 1);
        var submitted = await mall.SendAsync("POST /v1/orders?wait=false", Order([product]), seller);
        Assert.Equal(HttpStatusCode.Accepted, submitted.Status);

        JsonElement order = default;
        await TestMall.EventuallyAsync(
            async () =>
            {
                var list = (await mall.SendAsync("GET /v1/orders?status=9", token: seller)).Json.GetProperty("items");
                if (list.GetArrayLength() == 0) return false;
                order = list[0];
                return true;
            },
            "the order is void");

        Assert.Equal($"300002 Product {product} has 1 left, 999 wanted.", order.GetProperty("reason").GetString());
        var request = new V1.GetOrderRequest { Id = order.GetProperty("id").GetInt64() };
        var call = await mall.Whole.CallAsync("/mall.v1.Orders/Get", request, seller);
        Assert.Equal(order.GetProperty("reason").GetString(), call.Read<V1.Order>().Reason);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Sagas_WhenParkedOnesAreAskedFor_AreThose(string database)
    {
        var mall = await databases.OnAsync(database);
        await mall.SellerAsync(); // Whose registration is not parked.
        var parked = $"parked-{Guid.NewGuid():N}";
        await KeyTests.InsertSagaAsync(mall, parked, "'submitted'");

        Assert.Contains(parked, await GidsAsync("parked=true"));
        Assert.DoesNotContain(await GidsAsync("parked=true"), gid => gid.StartsWith("user-", StringComparison.Ordinal));
        Assert.Contains(parked, await GidsAsync("parked=true&status=submitted"));
        Assert.Empty(await GidsAsync("parked=true&status=failed"));
        Assert.DoesNotContain(parked, await GidsAsync("parked=false"));
        Assert.NotEmpty(await GidsAsync("parked=false&status=succeed"));
        Assert.Contains(parked, await GidsAsync("status=submitted"));
        var list = new V1.ListSagasRequest { Parked = true, Limit = 100 };
        var call = await mall.Whole.CallAsync("/mall.v1.Sagas/List", list, Jwt.Operator);
        Assert.Contains(parked, call.Read<V1.ListSagasResponse>().Items.Select(saga => saga.Gid));
        var wrong = await mall.SendAsync("GET /v1/sagas?parked=yes", token: Jwt.Operator);
        Assert.Equal(ErrorCodes.BadParameter, wrong.Code);

        async Task<string[]> GidsAsync(string query)
        {
            var page = await mall.SendAsync($"GET /v1/sagas?limit=100&{query}", token: Jwt.Operator);
            Assert.Equal(HttpStatusCode.OK, page.Status);
            return [.. page.Json.GetProperty("items").EnumerateArray().Select(saga => saga.GetProperty("gid").GetString()!)];
        }
    }

    [Fact]
    public async Task Query_WithAnUnknownName_IsRefusedByEveryEndpoint()
    {
        var mall = await databases.OnAsync("SQLite");
        foreach (var (operation, _) in await OperationsAsync(mall))
        {
            var answer = await mall.SendAsync($"{operation}?statsu=1", token: Jwt.Operator);
            Assert.Equal((operation, HttpStatusCode.BadRequest), (operation, answer.Status));
            Assert.True(answer.Json.GetProperty("errors").TryGetProperty("statsu", out _), operation);
        }
    }

    [Fact]
    public async Task Body_WhereNoneIsTaken_IsRefusedByEveryEndpoint()
    {
        var mall = await databases.OnAsync("SQLite");
        foreach (var (operation, takesBody) in await OperationsAsync(mall))
        {
            if (takesBody || operation.StartsWith("GET ", StringComparison.Ordinal)) continue;
            var answer = await mall.SendAsync(operation, """{"statsu":1}""", Jwt.Operator);
            Assert.Equal((operation, HttpStatusCode.BadRequest), (operation, answer.Status));
            Assert.True(answer.Json.GetProperty("errors").TryGetProperty("statsu", out _), operation);
        }
    }

    [Theory]
    [InlineData("POST /v1/products", """{"name":7,"stock":1,"price":1}""", "name", "must be a text, given once")]
    [InlineData("POST /v1/products", """{"name":"Pot","stock":"1","price":1}""", "stock", "must be a whole number")]
    [InlineData("POST /v1/products", """{"name":"Pot","stock":1e3,"price":1}""", "stock", "must be a whole number")]
    [InlineData("POST /v1/products", """{"name":"Pot","stock":1,"price":1,"pirce":1}""", "pirce", "is not a field")]
    [InlineData("POST /v1/products", """{"name":"Pot","stock":1,"stock":2,"price":1}""", "stock", "given once")]
    [InlineData("POST /v1/orders", """{"items":7}""", "items", "must be a list")]
    [InlineData("POST /v1/orders", """{"items":[7]}""", "items[0]", "must be an object")]
    [InlineData("POST /v1/orders", """{"items":[{"productId":1,"quantity":true}]}""", "items[0].quantity", "a whole number")]
    [InlineData("POST /v1/orders", """{"items":[{"productId":1,"quantity":1,"x":1}]}""", "items[0].x", "is not a field")]
    [InlineData("GET /v1/sagas?limit=ten", null, "limit", "must be a number from 1 to 100")]
    [InlineData("GET /v1/sagas?parked=1", null, "parked", "must be true or false")]
    public async Task Type_WhenItIsWrong_IsToldWithWhatWasExpected(string request, string? json, string field, string expected)
    {
        var mall = await databases.OnAsync("SQLite");
        var answer = await mall.SendAsync(request, json, Jwt.Operator);
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains(expected, answer.Json.GetProperty("errors").GetProperty(field)[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_WithoutAnyTime_IsToldThatNothingBegan()
    {
        var mall = await databases.OnAsync("SQLite");
        var request = new V1.GetProductRequest { Id = 1 };
        var call = await mall.Whole.CallAsync("/mall.v1.Products/Get", request, null, ("grpc-timeout", "0S"));
        Assert.Equal((4, ErrorCodes.TimedOut), (call.Status, call.Code));
        Assert.Contains("nothing was done", call.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("not known", call.Message, StringComparison.Ordinal);
    }

    /// <summary>
    /// The silo that told the client died before it wrote down how the saga ended: what was told stands, whatever an operator
    /// wishes.
    /// </summary>
    [Fact]
    public async Task Abort_WhenEveryBranchIsDone_IsRefusedAndTheOrderStands()
    {
        var before = await TestMall.OpenAsync();
        var user = await before.RegisterAsync();
        var product = await before.SellAsync(user, stock: 5);
        Assert.False((await before.PlaceAsync("told", user, new Orders.OrderLine(product, 1))).IsRefused);
        await before.CloseAsync();
        var later = DateTimeOffset.UtcNow.AddDays(1).ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        await before.ChangeAsync($"update sagas set status = 'submitted', finish_time = null, next_time = {later}");

        await using var after = await TestMall.OpenAsync(folder: before.Folder);
        var aborted = await after.Grains.GetGrain<ISagaDirectoryGrain>(0).Abort("told", null);

        Assert.Equal(ErrorCodes.SagaStatusForbids, aborted.Refusal?.Code);
        await after.UntilSqlSaysAsync(["succeed"], "select status from sagas where gid = 'told'");
        Assert.Equal(["0"], await after.SqlAsync("select status from orders"));
        Assert.Equal(["4"], await after.SqlAsync("select stock from products"));
    }

    /// <summary>Every operation of the OpenAPI document, with ids in its path.</summary>
    private static async Task<(string Request, bool TakesBody)[]> OperationsAsync(ContractMall mall) =>
    [
        .. from path in (await mall.SendAsync("GET /openapi/v1.json")).Json.GetProperty("paths").EnumerateObject()
           from method in path.Value.EnumerateObject()
           let filled = path.Name.Replace("{id}", "1", StringComparison.Ordinal)
               .Replace("{productId}", "1", StringComparison.Ordinal).Replace("{gid}", "g", StringComparison.Ordinal)
           select ($"{method.Name.ToUpperInvariant()} {filled}", method.Value.TryGetProperty("requestBody", out _)),
    ];

    private static string Order(IEnumerable<long> products) =>
        $$"""{"items":[{{string.Join(',', products.Select(id => $$"""{"productId":{{id}},"quantity":999}"""))}}]}""";
}
