using Mall.Api.Grpc;
using Mall.Api.Grpc.Health.V1;
using static Mall.Api.Grpc.Health.V1.HealthCheckResponse.Types;

namespace Mall.Api.Health;

/// <summary>
/// gRPC: the standard health service. Every service of the mall is as healthy as the process; the empty name stands for the
/// server as a whole.
/// </summary>
/// <param name="readiness">Says how the process is.</param>
/// <param name="served">The names of the services that are served here.</param>
/// <param name="clock">Paces the watches.</param>
internal sealed class HealthRpcs(Readiness readiness, IReadOnlySet<string> served, TimeProvider clock)
{
    private static readonly TimeSpan s_watchPeriod = TimeSpan.FromSeconds(1);

    public RpcService Service => new RpcService(HealthReflection.Descriptor.Services[0])
        .Open<HealthCheckRequest, HealthCheckResponse>("Check", Check)
        .ServerStream<HealthCheckRequest, HealthCheckResponse>("Watch", Access.Open, Watch);

    private bool IsServed(string service) => service.Length == 0 || served.Contains(service);

    private async Task<Result<HealthCheckResponse>> Check(RpcCall call, HealthCheckRequest request) => IsServed(request.Service)
        ? new HealthCheckResponse { Status = await Current(request.Service, call.Cancellation) }
        : throw new ProblemException(Problem.BadCall(GrpcStatus.NotFound, "There is no such service."));

    /// <summary>
    /// Says the status now and whenever it has changed; all watches share one look a second, see <see cref="Readiness"/>.
    /// </summary>
    private async Task Watch(
        RpcCall call, Caller caller, HealthCheckRequest request, ResponseStream<HealthCheckResponse> responses)
    {
        ServingStatus? said = null;
        while (true)
        {
            var status = await Current(request.Service, call.Cancellation);
            if (status != said)
                await responses.Write(new HealthCheckResponse { Status = status }, call.Cancellation);
            said = status;
            await Task.Delay(s_watchPeriod, clock, call.Cancellation);
        }
    }

    private async ValueTask<ServingStatus> Current(string service, CancellationToken cancellationToken)
    {
        if (!IsServed(service))
            return ServingStatus.ServiceUnknown;
        return (await readiness.Ask(cancellationToken)).IsReady ? ServingStatus.Serving : ServingStatus.NotServing;
    }
}
