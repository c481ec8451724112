using System.Globalization;
using System.Net;
using Mall.Api;
using Mall.Products;
using Mall.Tests.FrontDoor.Grpc;
using Mall.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.FrontDoor;

/// <summary>What clients see when the inside is slow, broken, away or crowded.</summary>
public sealed class TroubleTests
{
    private const string Secret = "what went wrong inside";

    public static TheoryData<string, int, int, int> Failures { get; } = new()
    {
        { nameof(InvalidOperationException), 500, ErrorCodes.Internal, 13 },
        { nameof(StorageUnavailableException), 503, ErrorCodes.StorageUnavailable, 14 },
        { nameof(StaleActivationException), 503, ErrorCodes.StorageUnavailable, 14 },
        { nameof(SiloUnavailableException), 503, ErrorCodes.StorageUnavailable, 14 },
        { nameof(OrleansException), 503, ErrorCodes.StorageUnavailable, 14 },
        { nameof(TooBusyException), 429, ErrorCodes.TooManyRequests, 8 },
        { nameof(LimitExceededException), 429, ErrorCodes.TooManyRequests, 8 },
        { nameof(TimeoutException), 504, ErrorCodes.TimedOut, 4 },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Failure_WhenAGrainThrows_ShowsAsItsCodeAndTellsNothingMore(string thrown, int http, int code, int grpc)
    {
        var turnstile = new Turnstile(nameof(IProductGrain.Get));
        await using var mall = await OpenAsync(turnstile, Options(waitLimit: TimeSpan.FromMilliseconds(300)));
        turnstile.Fail(() => Make(thrown));

        var answer = await mall.SendAsync("GET", "/v1/products/1");
        Assert.Equal((http, code), ((int)answer.Status, answer.Code));
        Assert.DoesNotContain(Secret, answer.Body, StringComparison.Ordinal);
        Assert.Equal(http is 429 or 503 or 504, answer.Headers.ContainsKey("Retry-After"));

        var call = await mall.CallAsync("/mall.v1.Products/Get", new V1.GetProductRequest { Id = 1 });
        Assert.Equal((grpc, code), (call.Status, call.Code));
        Assert.DoesNotContain(Secret, call.Message, StringComparison.Ordinal);

        if (code != ErrorCodes.Internal) return;
        var traceId = answer.Json.GetProperty("traceId").GetString()!;
        var logged = Assert.Single(mall.Log.Errors, line => line.Contains(traceId, StringComparison.Ordinal));
        Assert.Contains(Secret, logged, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Order_WhenItTakesTooLong_IsAnsweredUnknownAndFoundUnderItsKey()
    {
        var turnstile = new Turnstile(nameof(IProductGrain.PlaceWhole));
        await using var mall = await OpenAsync(turnstile, Options(waitLimit: TimeSpan.FromSeconds(3)));
        var (token, product) = await StockAsync(mall);
        turnstile.Hold();

        var waited = await mall.SendAsync("POST", "/v1/orders", Items(product), token, "slow");
        Assert.Equal((HttpStatusCode.GatewayTimeout, ErrorCodes.TimedOut), (waited.Status, waited.Code));
        turnstile.Open();

        await TestMall.EventuallyAsync(IsPlaced, "the same key gives the order");
        Assert.Equal(4, await StockOfAsync(mall, product));

        async Task<bool> IsPlaced() =>
            (await mall.SendAsync("POST", "/v1/orders", Items(product), token, "slow")).Status == HttpStatusCode.Created;
    }

    [Fact]
    public async Task Call_WhenItsDeadlinePasses_EndsThereAndThenAndIsFoundUnderItsKey()
    {
        var turnstile = new Turnstile(nameof(IProductGrain.PlaceWhole));
        await using var mall = await OpenAsync(turnstile);
        var (token, product) = await StockAsync(mall);
        var line = new V1.PlaceOrderRequest.Types.Item { ProductId = product, Quantity = 1 };
        var order = new V1.PlaceOrderRequest { Items = { line } };
        (string, string) key = ("idempotency-key", "hasty");
        turnstile.Hold();

        var ended = await mall.CallAsync("/mall.v1.Orders/Place", order, token, key, ("grpc-timeout", "300m"));
        Assert.Equal((4, ErrorCodes.TimedOut), (ended.Status, ended.Code));
        turnstile.Open();

        var placed = await mall.CallAsync("/mall.v1.Orders/Place", order, token, key, ("grpc-timeout", "20S"));
        Assert.Equal(0, placed.Status);
        Assert.Equal(250, placed.Read<V1.PlaceOrderResponse>().Order.Amount);
        Assert.Equal(4, await StockOfAsync(mall, product));
    }

    [Fact]
    public async Task Order_WhenItsClientHangsUp_GoesOnAndIsNoErrorOfOurs()
    {
        var turnstile = new Turnstile(nameof(IProductGrain.PlaceWhole));
        await using var mall = await OpenAsync(turnstile);
        var (token, product) = await StockAsync(mall);
        turnstile.Hold();

        using var hangUp = new CancellationTokenSource();
        using var request = WholeMall.Request("POST", "/v1/orders", Items(product), token, "gone");
        var order = mall.Client.SendAsync(request, hangUp.Token);
        await turnstile.Arrived;
        await hangUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => order);
        turnstile.Open();

        var again = await mall.SendAsync("POST", "/v1/orders", Items(product), token, "gone");
        Assert.Equal(HttpStatusCode.Created, again.Status);
        Assert.Equal(4, await StockOfAsync(mall, product));
        Assert.Empty(mall.Log.Errors);
    }

    [Fact]
    public async Task Write_WhenItsGrainIsLost_IsRepeatedUnderAKeyOnly()
    {
        var turnstile = new Turnstile(nameof(IProductGrain.AdjustStock));
        await using var mall = await OpenAsync(turnstile);
        var (token, product) = await StockAsync(mall);
        var path = $"/v1/products/{product}/stock";
        var failures = 0;
        turnstile.Fail(() =>
        {
            if (++failures % 3 == 0) turnstile.Fail(null);
            return new SiloUnavailableException(Secret);
        });

        var keyed = await mall.SendAsync("POST", path, """{"delta":1}""", token, "insists");
        Assert.Equal((3, """{"stock":6}"""), (failures, keyed.Body));
        turnstile.Fail(() => new SiloUnavailableException(Secret));
        var unkeyed = await mall.SendAsync("POST", path, """{"delta":1}""", token);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, ErrorCodes.StorageUnavailable), (unkeyed.Status, unkeyed.Code));
    }

    [Fact]
    public async Task Order_WhenItsAnswerIsOverdue_IsAskedForAgainAndPlacedOnce()
    {
        var turnstile = new Turnstile(nameof(IProductGrain.PlaceWhole));
        await using var mall = await OpenAsync(turnstile);
        var (token, product) = await StockAsync(mall);
        turnstile.Hold();
        var order = mall.SendAsync("POST", "/v1/orders", Items(product), token);
        await turnstile.Arrived;
        turnstile.Lose(); // The first call is never answered, the next one passes.

        Assert.Equal(HttpStatusCode.Created, (await order).Status);
        turnstile.Open();
        Assert.Equal(4, await StockOfAsync(mall, product));
    }

    [Fact]
    public async Task Crowd_WhenEveryPlaceIsTaken_IsRefusedAtOnceButHealthIsServed()
    {
        var turnstile = new Turnstile(nameof(IProductGrain.Get));
        await using var mall = await OpenAsync(turnstile, Options(places: 1));
        var (_, product) = await StockAsync(mall);
        turnstile.Hold();
        var inside = mall.SendAsync("GET", $"/v1/products/{product}");
        await turnstile.Arrived;

        var refused = await mall.SendAsync("GET", "/v1/shops/1");
        Assert.Equal((HttpStatusCode.TooManyRequests, ErrorCodes.TooManyRequests), (refused.Status, refused.Code));
        Assert.Equal("1", refused.Headers["Retry-After"]);
        var call = await mall.CallAsync("/mall.v1.Products/Get", new V1.GetProductRequest { Id = product });
        Assert.Equal((8, ErrorCodes.TooManyRequests), (call.Status, call.Code));
        Assert.Equal(HttpStatusCode.OK, (await mall.SendAsync("GET", "/health/ready")).Status);

        turnstile.Open();
        Assert.Equal(HttpStatusCode.OK, (await inside).Status);
        Assert.Equal(0, (await mall.CallAsync("/mall.v1.Products/Get", new V1.GetProductRequest { Id = product })).Status);
    }

    [Fact]
    public async Task TokenKey_WhenNoneIsConfigured_IsTheMallsOwnAndFetchedAgainAfterAFailure()
    {
        var turnstile = new Turnstile(nameof(Settings.ITokenKeyGrain.Get));
        await using var mall = await OpenAsync(turnstile, new ApiOptions { PasswordHashIterations = 1000 });
        turnstile.Fail(() => new StorageUnavailableException(Secret));
        var credentials = """{"mobile":"13800000001","password":"correct horse"}""";
        await mall.SendAsync("POST", "/v1/users", credentials);
        Assert.Equal(ErrorCodes.StorageUnavailable, (await mall.SendAsync("POST", "/v1/sessions", credentials)).Code);
        Assert.Equal(ErrorCodes.StorageUnavailable, (await mall.SendAsync("GET", "/v1/users/me", token: Jwt.Operator)).Code);
        turnstile.Fail(null);

        var session = await mall.SendAsync("POST", "/v1/sessions", credentials);
        var token = session.Json.GetProperty("accessToken").GetString();
        Assert.Equal(HttpStatusCode.OK, (await mall.SendAsync("GET", "/v1/users/me", token: token)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await mall.SendAsync("GET", "/v1/users/me", token: Jwt.Operator)).Status);
    }

    private static Task<WholeMall> OpenAsync(Turnstile turnstile, ApiOptions? options = null) =>
        WholeMall.OpenAsync(services => services.AddSingleton<IIncomingGrainCallFilter>(turnstile), options);

    private static ApiOptions Options(TimeSpan? waitLimit = null, int places = 100) => new()
    {
        TokenKey = WholeMall.TokenKey,
        PasswordHashIterations = 1000,
        WaitLimit = waitLimit ?? TimeSpan.FromSeconds(25),
        MaxConcurrentRequests = places,
    };

    private static async Task<(string Token, long Product)> StockAsync(WholeMall mall)
    {
        var (_, token) = await mall.RegisterAsync("13800000001");
        await mall.SendAsync("POST", "/v1/shops", """{"name":"Tea"}""", token);
        return (token, await mall.SellAsync(token, stock: 5));
    }

    private static string Items(long product) =>
        string.Create(CultureInfo.InvariantCulture, $$"""{"items":[{"productId":{{product}},"quantity":1}]}""");

    private static async Task<long> StockOfAsync(WholeMall mall, long product) =>
        (await mall.SendAsync("GET", $"/v1/products/{product}")).Json.GetProperty("stock").GetInt64();

    private static Exception Make(string name) => name switch
    {
        nameof(StorageUnavailableException) => new StorageUnavailableException(Secret),
        nameof(StaleActivationException) => new StaleActivationException(Secret),
        nameof(SiloUnavailableException) => new SiloUnavailableException(Secret),
        nameof(OrleansException) => new OrleansException(Secret),
        nameof(TooBusyException) => new TooBusyException(Secret),
        nameof(LimitExceededException) => new LimitExceededException(Secret),
        nameof(TimeoutException) => new TimeoutException(Secret),
        _ => new InvalidOperationException(Secret),
    };
}
