using System.Net;
using Mall.Api;
using Mall.Tests.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.FrontDoor;

/// <summary>A cart, from the first thing in it to its checkout.</summary>
[Collection(nameof(FrontDoorMall))]
public sealed class CartTests(FrontDoorMall door)
{
    private WholeMall Mall => door.Mall;

    [Fact]
    public async Task Cart_HoldsWhatIsPutAtTodaysPrices()
    {
        var (_, token) = await Mall.RegisterAsync("13600000001");
        var product = await Mall.SellAsync(door.Seller.Token, stock: 4);
        Assert.Equal("""{"items":[],"amount":0}""", (await Mall.SendAsync("GET", "/v1/cart", token: token)).Body);

        var cart = await PutAsync(Mall, token, product, 7);
        Assert.Equal(
            $$"""{"items":[{"productId":{{product}},"name":"Teapot","quantity":7,"price":250,"available":4}],"amount":1750}""",
            cart.Body);

        await Mall.SendAsync("PATCH", $"/v1/products/{product}", """{"price":300}""", door.Seller.Token);
        Assert.Equal(2100, (await Mall.SendAsync("GET", "/v1/cart", token: token)).Json.GetProperty("amount").GetInt64());

        Assert.Equal("""{"items":[],"amount":0}""", (await PutAsync(Mall, token, product, 0)).Body);
        await PutAsync(Mall, token, product, 1);
        await Mall.SendAsync("DELETE", $"/v1/products/{product}", token: door.Seller.Token);
        var offSale = (await Mall.SendAsync("GET", "/v1/cart", token: token)).Json.GetProperty("items")[0];
        Assert.Equal(0, offSale.GetProperty("available").GetInt64());

        Assert.Equal(HttpStatusCode.NoContent, (await Mall.SendAsync("DELETE", "/v1/cart", token: token)).Status);
        Assert.Equal("""{"items":[],"amount":0}""", (await Mall.SendAsync("GET", "/v1/cart", token: token)).Body);
    }

    [Theory]
    [InlineData("999999", """{"quantity":1}""", 404, ErrorCodes.NoSuchProduct)]
    [InlineData("$product", """{"quantity":1001}""", 400, ErrorCodes.BadParameter)]
    [InlineData("$product", """{"quantity":-1}""", 400, ErrorCodes.BadParameter)]
    [InlineData("$product", """{}""", 400, ErrorCodes.BadParameter)]
    [InlineData("$product", """{"quantity":1,"price":1}""", 400, ErrorCodes.BadParameter)]
    [InlineData("0", """{"quantity":1}""", 400, ErrorCodes.BadParameter)]
    public async Task Put_OfWhatCannotBe_IsRefused(string product, string body, int status, int code)
    {
        var refused = await Mall.SendAsync("PUT", door.Fill($"/v1/cart/items/{product}"), body, door.Customer.Token);
        Assert.Equal(((HttpStatusCode)status, code), (refused.Status, refused.Code));
    }

    [Fact]
    public async Task Put_OfMoreProductsThanACartHolds_IsRefusedAndTheCartStays()
    {
        var (_, token) = await Mall.RegisterAsync("13600000005");
        for (var i = 0; i < 50; i++) await PutAsync(Mall, token, await Mall.SellAsync(door.Seller.Token, stock: 1), 1);

        var refused = await PutAsync(Mall, token, await Mall.SellAsync(door.Seller.Token, stock: 1), 1);

        Assert.Equal((HttpStatusCode.BadRequest, ErrorCodes.BadParameter), (refused.Status, refused.Code));
        Assert.Equal(
            "productId is one more than the 50 products that a cart holds.", refused.Json.GetProperty("detail").GetString());
        var items = (await Mall.SendAsync("GET", "/v1/cart", token: token)).Json.GetProperty("items");
        Assert.Equal(50, items.GetArrayLength());
    }

    [Fact]
    public async Task Checkout_PlacesTheOrderAndARepeatGivesItWhateverIsInTheCart()
    {
        var (_, token) = await Mall.RegisterAsync("13600000002");
        var product = await Mall.SellAsync(door.Seller.Token, stock: 4);
        await PutAsync(Mall, token, product, 3);

        var order = await CheckoutAsync(Mall, token, "checkout-1");
        Assert.Equal(HttpStatusCode.Created, order.Status);
        Assert.Equal(3, order.Json.GetProperty("items")[0].GetProperty("quantity").GetInt64());
        Assert.Equal("""{"items":[],"amount":0}""", (await Mall.SendAsync("GET", "/v1/cart", token: token)).Body);

        await PutAsync(Mall, token, product, 1);
        var again = await CheckoutAsync(Mall, token, "checkout-1");
        Assert.Equal((order.Status, order.Body), (again.Status, again.Body));
        Assert.Single((await Mall.SendAsync("GET", "/v1/cart", token: token)).Json.GetProperty("items").EnumerateArray());

        var reused = await Mall.SendAsync(
            "POST", "/v1/orders", $$"""{"items":[{"productId":{{product}},"quantity":1}]}""", token, "checkout-1");
        Assert.Equal((HttpStatusCode.Conflict, ErrorCodes.KeyReused), (reused.Status, reused.Code));
    }

    [Fact]
    public async Task Checkout_OfWhatIsNotThere_IsRefusedWholeAndTheCartStays()
    {
        var (_, token) = await Mall.RegisterAsync("13600000003");
        var (plenty, scarce) =
            (await Mall.SellAsync(door.Seller.Token, stock: 9), await Mall.SellAsync(door.Seller.Token, stock: 1));
        await PutAsync(Mall, token, plenty, 2);
        var cart = await PutAsync(Mall, token, scarce, 2);

        var refused = await CheckoutAsync(Mall, token);

        Assert.Equal((HttpStatusCode.Conflict, ErrorCodes.NotEnoughStock), (refused.Status, refused.Code));
        Assert.Equal(cart.Body, (await Mall.SendAsync("GET", "/v1/cart", token: token)).Body);
        Assert.Equal(9, (await Mall.SendAsync("GET", $"/v1/products/{plenty}")).Json.GetProperty("stock").GetInt64());
    }

    [Fact]
    public async Task Checkout_OfAnEmptyCart_IsABadRequest()
    {
        var (_, token) = await Mall.RegisterAsync("13600000004");
        var refused = await CheckoutAsync(Mall, token);
        Assert.Equal((HttpStatusCode.BadRequest, ErrorCodes.BadParameter), (refused.Status, refused.Code));
        Assert.Equal("items are missing: the cart is empty.", refused.Json.GetProperty("detail").GetString());
    }

    /// <summary>As clients send it that have one way for every POST.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData(" {\r\n\t} ")]
    [InlineData("\n ")]
    public async Task Clear_WithABodyThatSaysNothing_IsServed(string body) =>
        Assert.Equal(HttpStatusCode.NoContent, (await Mall.SendAsync("DELETE", "/v1/cart", body, door.Customer.Token)).Status);

    /// <summary>The order's grain fails all calls, as if everything died once the checkout was noted.</summary>
    [Fact]
    public async Task Checkout_ThatWasCutOff_IsBroughtToItsEndByTheNextLook()
    {
        var turnstile = new Turnstile("Place");
        await using var mall = await WholeMall.OpenAsync(services => services.AddSingleton<IIncomingGrainCallFilter>(turnstile));
        var (_, token) = await mall.RegisterAsync("13600000001");
        await mall.SendAsync("POST", "/v1/shops", """{"name":"Tea"}""", token);
        var product = await mall.SellAsync(token, stock: 5);
        await PutAsync(mall, token, product, 2);
        turnstile.Fail(() => new TimeoutException("Nobody answers."));

        Assert.Equal(HttpStatusCode.GatewayTimeout, (await CheckoutAsync(mall, token)).Status);
        turnstile.Fail(null);

        Assert.Equal("""{"items":[],"amount":0}""", (await mall.SendAsync("GET", "/v1/cart", token: token)).Body);
        Assert.Equal(3, (await mall.SendAsync("GET", $"/v1/products/{product}")).Json.GetProperty("stock").GetInt64());
        Assert.Single((await mall.SendAsync("GET", "/v1/orders", token: token)).Json.GetProperty("items").EnumerateArray());
    }

    /// <summary>What was ordered is not left in the cart because nobody could order it by now.</summary>
    [Fact]
    public async Task Checkout_WithoutAKeyThatNobodyWaitedFor_EmptiesTheCartThoughItsProductHasGoneOffSale()
    {
        await using var mall = await WholeMall.OpenAsync();
        var (_, token) = await mall.RegisterAsync("13600000001");
        await mall.SendAsync("POST", "/v1/shops", """{"name":"Tea"}""", token);
        var product = await mall.SellAsync(token, stock: 5);
        await PutAsync(mall, token, product, 2);
        Assert.Equal(
            HttpStatusCode.Accepted, (await mall.SendAsync("POST", "/v1/cart/checkout?wait=false", token: token)).Status);
        var runtime = mall.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0);
        await TestMall.EventuallyAsync(
            async () => !(await runtime.GetSimpleGrainStatistics()).Any(
                grain => grain.GrainType.Contains("OrderSagaGrain", StringComparison.Ordinal) && grain.ActivationCount > 0),
            "the order is placed, and its saga gone");

        await mall.SendAsync("DELETE", $"/v1/products/{product}", token: token);

        Assert.Equal("""{"items":[],"amount":0}""", (await mall.SendAsync("GET", "/v1/cart", token: token)).Body);
        Assert.Single((await mall.SendAsync("GET", "/v1/orders", token: token)).Json.GetProperty("items").EnumerateArray());
    }

    /// <summary>The front door repeats what failed: the cart must not take its own memory for what is stored.</summary>
    [Fact]
    public async Task Change_ThatCannotBeStored_IsNotAnsweredAsDone()
    {
        await using var mall = await WholeMall.OpenAsync(options: new ApiOptions
        {
            TokenKey = WholeMall.TokenKey, PasswordHashIterations = 1000, WaitLimit = TimeSpan.FromSeconds(2),
        });
        var (_, token) = await mall.RegisterAsync("13600000001");
        await mall.SendAsync("POST", "/v1/shops", """{"name":"Tea"}""", token);
        var product = await mall.SellAsync(token, stock: 5);
        var cart = await PutAsync(mall, token, product, 2);

        await ChangeAsync("create trigger full before update on OrleansStorage begin select raise(abort, 'No room.'); end");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await PutAsync(mall, token, product, 3)).Status);
        Assert.Equal(
            HttpStatusCode.ServiceUnavailable, (await mall.SendAsync("DELETE", "/v1/cart", token: token)).Status);
        await ChangeAsync("drop trigger full");

        Assert.Equal(cart.Body, (await mall.SendAsync("GET", "/v1/cart", token: token)).Body);

        async Task ChangeAsync(string sql)
        {
            await using var connection = new SqliteConnection($"Data Source={mall.Folder}/mall.db;Pooling=False");
            await connection.OpenAsync();
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            await command.ExecuteNonQueryAsync();
        }
    }

    private static Task<Answer> PutAsync(WholeMall mall, string token, long product, long quantity) =>
        mall.SendAsync("PUT", $"/v1/cart/items/{product}", $$"""{"quantity":{{quantity}}}""", token);

    private static Task<Answer> CheckoutAsync(WholeMall mall, string token, string? key = null) =>
        mall.SendAsync("POST", "/v1/cart/checkout", token: token, key: key);
}
