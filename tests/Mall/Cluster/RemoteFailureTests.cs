using System.Reflection;
using Mall.Products;
using Mall.Tests.FrontDoor.Grpc;
using Mall.Tests.Hosting;
using Mall.Tests.Installations;
using Mall.TestServers;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.Cluster;

/// <summary>What a grain says no with, or fails with, means the same to whoever asked from another process.</summary>
public sealed class RemoteFailureTests
{
    private static readonly TimeSpan s_waitLimit = TimeSpan.FromMilliseconds(300);

    /// <summary>Each gives a refusal, or throws.</summary>
    private static readonly Dictionary<string, Func<Refusal>> s_failures = new(
        from code in typeof(ErrorCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        let refusal = Result.Refused((int)code.GetValue(null)!, "No.")
        select KeyValuePair.Create<string, Func<Refusal>>(code.Name, () => refusal))
    {
        [nameof(StorageUnavailableException)] = () => throw new StorageUnavailableException("secret"),
        [nameof(StaleActivationException)] = () => throw new StaleActivationException("secret"),
        [nameof(TooBusyException)] = () => throw new TooBusyException("secret"),
        [nameof(SiloUnavailableException)] = () => throw new SiloUnavailableException("secret"),
        [nameof(LimitExceededException)] = () => throw new LimitExceededException("secret"),
        [nameof(TimeoutException)] = () => throw new TimeoutException("secret"),
        [nameof(InvalidOperationException)] = () => throw new InvalidOperationException("secret"),
    };

    [Fact]
    public async Task Failure_OfAGrainInAnotherProcess_ShowsAsThatOfOneInThis()
    {
        if (DatabaseServer.WhyMissing(DatabaseKind.Postgres) is { } reason) Assert.Skip(reason);
        var server = await DatabaseServer.SharedAsync(DatabaseKind.Postgres);
        var database = await server.CreateDatabaseAsync("remote_failures", TestContext.Current.CancellationToken);
        var failure = new ProductFailure();
        void Configure(IServiceCollection services) => services.AddSingleton<IIncomingGrainCallFilter>(failure);
        var options = new Api.ApiOptions
        {
            TokenKey = WholeMall.TokenKey, PasswordHashIterations = 1000, WaitLimit = s_waitLimit,
        };
        await using var here = await WholeMall.OpenAsync(Configure, options);
        await using var there = await WholeMall.OpenInTwoAsync(database, Configure, options);

        var findings = new List<string>();
        foreach (var (name, fail) in s_failures)
        {
            failure.Fail = fail;
            var (near, far) = (await AskAsync(here), await AskAsync(there));
            if (near != far) findings.Add($"{name}: {near} here, {far} there");
            if (near.Code == 0 || near.Code != near.GrpcCode) findings.Add($"{name}: {near}");
        }

        Audit.Passes(findings);
    }

    /// <summary>
    /// An unknown outcome is asked for again, however often; a failure is not. A saga that took one for the other would park.
    /// </summary>
    [Fact]
    public async Task Saga_WhenABranchOnAnotherSiloIsUnknown_TakesItForThat()
    {
        if (DatabaseServer.WhyMissing(DatabaseKind.Postgres) is { } reason) Assert.Skip(reason);
        var server = await DatabaseServer.SharedAsync(DatabaseKind.Postgres);
        var database = await server.CreateDatabaseAsync("remote_branches", TestContext.Current.CancellationToken);
        var turnstile = new Turnstile(nameof(IProductGrain.DecrStock));
        await using var one = await OpenAsync(null);
        await using var two = await OpenAsync(one);
        var user = await one.RegisterAsync();
        var lines = new List<Orders.OrderLine>();
        for (var i = 0; i < 8; i++) lines.Add(new Orders.OrderLine(await one.SellAsync(user, 100), 1));

        foreach (var (name, fail) in s_failures.Where(f => f.Key.EndsWith("Exception", StringComparison.Ordinal)))
        {
            if (name == nameof(InvalidOperationException)) continue;
            var left = 8 * TestMall.Impatient.FailureLimit;
            turnstile.Fail(() =>
            {
                if (Interlocked.Decrement(ref left) == 0) turnstile.Fail(null);
                return Assert.ThrowsAny<Exception>(() => fail());
            });
            Assert.False((await two.PlaceAsync(name, user, [.. lines])).IsRefused);
        }

        Task<TestMall> OpenAsync(TestMall? first) => TestMall.OpenAsync(
            services: s => s.AddSingleton<IIncomingGrainCallFilter>(turnstile), database: database, joins: first);
    }

    private static async Task<Shown> AskAsync(WholeMall mall)
    {
        var rest = await mall.SendAsync("GET", "/v1/products/1");
        var call = await mall.CallAsync("/mall.v1.Products/Get", new V1.GetProductRequest { Id = 1 });
        var retryAfter = rest.Headers.GetValueOrDefault("Retry-After");
        return new Shown((int)rest.Status, rest.Code, retryAfter, call.Status, call.Code, call.Message);
    }

    private sealed record Shown(int Status, int Code, string? RetryAfter, int? GrpcStatus, int? GrpcCode, string? GrpcMessage);

    /// <summary>Stands in for what a product may answer.</summary>
    private sealed class ProductFailure : IIncomingGrainCallFilter
    {
        public volatile Func<Refusal>? Fail;

        public Task Invoke(IIncomingGrainCallContext context)
        {
            if (context.MethodName != nameof(IProductGrain.Get) || Fail is null)
                return context.Invoke();
            context.Result = (Result<ProductView>)Fail();
            return Task.CompletedTask;
        }
    }
}
