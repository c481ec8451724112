using System.Net;
using Grpc.Health.V1;
using Mall.Api;
using Mall.Tests.FrontDoor.Grpc;
using Mall.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using static Grpc.Health.V1.HealthCheckResponse.Types;

namespace Mall.Tests.FrontDoor;

/// <summary>What those who restart processes and those who send them requests are told.</summary>
public sealed class HealthTests
{
    private const string Watch = "/grpc.health.v1.Health/Watch";

    [Fact]
    public async Task Ready_WhenACheckFails_SaysNoThroughBothDoorsAndYesWhenItIsMended()
    {
        var database = new SwitchedCheck { IsHealthy = false };
        await using var mall = await OpenAsync(database);

        var answer = await mall.SendAsync("GET", "/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
        Assert.Equal("unready", answer.Json.GetProperty("status").GetString());
        Assert.Equal("Unhealthy", answer.Json.GetProperty("checks").GetProperty("switched").GetString());
        Assert.Equal(ServingStatus.NotServing, await CheckAsync(mall, "mall.v1.Orders"));
        Assert.Equal(HttpStatusCode.OK, (await mall.SendAsync("GET", "/health/live")).Status);

        database.IsHealthy = true;
        await TestMall.EventuallyAsync(
            async () => (await mall.SendAsync("GET", "/health/ready")).Status == HttpStatusCode.OK, "the mall is ready again");
        Assert.Equal(ServingStatus.Serving, await CheckAsync(mall, "mall.v1.Orders"));
    }

    [Fact]
    public async Task Watch_WhenHealthChanges_SaysSoOnceAndEndsWhenTheServerStops()
    {
        var database = new SwitchedCheck();
        await using var mall = await OpenAsync(database);
        using var response = await mall.BeginAsync(Watch, RawCall.Frame(new HealthCheckRequest()));
        var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);

        Assert.Equal(ServingStatus.Serving, await NextAsync(stream));
        database.IsHealthy = false;
        Assert.Equal(ServingStatus.NotServing, await NextAsync(stream));
        database.IsHealthy = true;
        Assert.Equal(ServingStatus.Serving, await NextAsync(stream));

        await mall.StopAsync(); // Would wait half a minute for the stream if it did not end by itself.
        Assert.Equal(0, await stream.ReadAsync(new byte[1], TestContext.Current.CancellationToken));
        Assert.Equal("14", RawCall.Trailer(response, "grpc-status"));
    }

    [Fact]
    public async Task Watch_WhenItsDeadlinePasses_EndsWithTheStatusOfIt()
    {
        await using var mall = await OpenAsync(new SwitchedCheck());
        var ended = await mall.CallAsync(Watch, new HealthCheckRequest { Service = "no.Such" }, null, ("grpc-timeout", "200m"));

        Assert.Equal((4, ErrorCodes.TimedOut), (ended.Status, ended.Code));
        Assert.Equal(ServingStatus.ServiceUnknown, ended.Read<HealthCheckResponse>().Status);
    }

    [Fact]
    public async Task Watch_WhenItsDeadlinePassesAsItWrites_IsNoErrorOfOurs()
    {
        await using var mall = await OpenAsync(new SwitchedCheck());
        for (var i = 0; i < 500; i++)
        {
            var timeout = ("grpc-timeout", $"{300 + (10 * (i % 100))}u");
            Assert.Equal(4, (await mall.CallAsync(Watch, new HealthCheckRequest(), null, timeout)).Status);
        }

        Assert.Empty(mall.Log.Errors);
    }

    /// <summary>Timers reach 49.7 days, and gRPC's deadlines eleven thousand years.</summary>
    [Theory]
    [InlineData("1176H")]
    [InlineData("1192H")]
    [InlineData("1193H")]
    [InlineData("1200H")]
    [InlineData("99999999H")]
    [InlineData("99999999M")]
    [InlineData("4294968S")]
    [InlineData("99999999n")]
    public async Task Calls_WithAnyDeadline_AreServed(string deadline)
    {
        await using var mall = await OpenAsync(new SwitchedCheck());
        (string, string) timeout = ("grpc-timeout", deadline);
        using var watch = await mall.BeginAsync(Watch, RawCall.Frame(new HealthCheckRequest()), metadata: timeout);
        Assert.Equal(ServingStatus.Serving, await NextAsync(await watch.Content.ReadAsStreamAsync(CancellationToken.None)));

        foreach (var version in new[] { "v1", "v1alpha" })
        {
            var reflection = await mall.CallAsync(
                $"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo", RawCall.Frame([0x3A, 0]), null, timeout);
            Assert.Equal((0, true), (reflection.Status, reflection.Body.Length > 0));
        }

        var check = await mall.CallAsync("/grpc.health.v1.Health/Check", new HealthCheckRequest(), null, timeout);
        var product = await mall.CallAsync("/mall.v1.Products/Get", new V1.GetProductRequest { Id = 9 }, null, timeout);
        Assert.Equal((0, 5), (check.Status, product.Status));
    }

    [Fact]
    public async Task Watch_WhenEveryPlaceForStreamsIsTaken_IsRefused()
    {
        await using var mall = await OpenAsync(
            new SwitchedCheck(), new ApiOptions { TokenKey = WholeMall.TokenKey, MaxStreams = 1, PasswordHashIterations = 1000 });
        using var open = await mall.BeginAsync(Watch, RawCall.Frame(new HealthCheckRequest()));

        var refused = await mall.CallAsync(Watch, new HealthCheckRequest());
        Assert.Equal((8, ErrorCodes.TooManyRequests), (refused.Status, refused.Code));
        Assert.Equal(ServingStatus.Serving, await CheckAsync(mall, ""));
    }

    private static Task<WholeMall> OpenAsync(SwitchedCheck check, ApiOptions? options = null) =>
        WholeMall.OpenAsync(services => services.AddHealthChecks().AddCheck("switched", check), options);

    private static async Task<ServingStatus> CheckAsync(WholeMall mall, string service)
    {
        var answer = await mall.CallAsync("/grpc.health.v1.Health/Check", new HealthCheckRequest { Service = service });
        Assert.Equal(0, answer.Status);
        return answer.Read<HealthCheckResponse>().Status;
    }

    private static async Task<ServingStatus> NextAsync(Stream stream)
    {
        var prefix = new byte[5];
        await stream.ReadExactlyAsync(prefix, TestContext.Current.CancellationToken);
        var message = new byte[prefix[4]];
        await stream.ReadExactlyAsync(message, TestContext.Current.CancellationToken);
        return HealthCheckResponse.Parser.ParseFrom(message).Status;
    }

    private sealed class SwitchedCheck : IHealthCheck
    {
        public volatile bool IsHealthy = true;

        public Task<HealthCheckResult> CheckHealthAsync(
            HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(IsHealthy ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy());
    }
}
