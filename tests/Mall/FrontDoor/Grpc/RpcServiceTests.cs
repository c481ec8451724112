using Mall.Api.Auth;
using Mall.Api.Grpc;
using Mall.Api.Grpc.Health.V1;

namespace Mall.Tests.FrontDoor.Grpc;

/// <summary>What is bound wrongly fails the start, not the first call.</summary>
public sealed class RpcServiceTests
{
    [Fact]
    public void Complete_WhenAMethodHasNoHandler_NamesIt()
    {
        var service = Health().Open<HealthCheckRequest, HealthCheckResponse>("Check", Check);
        var refused = Assert.Throws<InvalidOperationException>(() => service.Complete());
        Assert.Contains("Watch", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bind_WhenThereIsNoSuchMethod_Throws() =>
        Assert.Throws<InvalidOperationException>(() => Health().Open<HealthCheckRequest, HealthCheckResponse>("Chek", Check));

    [Fact]
    public void Bind_WhenMessagesAreOthers_Throws() =>
        Assert.Throws<InvalidOperationException>(() => Health().Open<HealthCheckRequest, V1.User>(
            "Check", (_, _) => Task.FromResult<Result<V1.User>>(new V1.User())));

    [Fact]
    public void Bind_WhenStreamingDiffers_Throws()
    {
        Assert.Throws<InvalidOperationException>(() => Health().Open<HealthCheckRequest, HealthCheckResponse>("Watch", Check));
        Assert.Throws<InvalidOperationException>(() => Health().ServerStream<HealthCheckRequest, HealthCheckResponse>(
            "Check", Access.Open, (_, _, _, _) => Task.CompletedTask));
    }

    private static RpcService Health() => new(HealthReflection.Descriptor.Services[0]);

    private static Task<Result<HealthCheckResponse>> Check(RpcCall call, HealthCheckRequest request) =>
        Task.FromResult<Result<HealthCheckResponse>>(new HealthCheckResponse());
}
