using Google.Protobuf.WellKnownTypes;
using Mall.Api.Grpc;
using Mall.Sagas;

namespace Mall.Api.Sagas;

/// <summary>gRPC: sagas, for operators.</summary>
internal sealed class SagaRpcs(SagaDesk desk)
{
    public RpcService Service => new RpcService(V1.SagasReflection.Descriptor.Services[0])
        .Operator<V1.GetSagaRequest, V1.Saga>("Get", Get)
        .Operator<V1.ListSagasRequest, V1.ListSagasResponse>("List", List)
        .Operator<V1.RetrySagaRequest, V1.Saga>("Retry", Retry)
        .Operator<V1.AbortSagaRequest, V1.Saga>("Abort", Abort);

    private async Task<Result<V1.Saga>> Get(RpcCall call, Caller caller, V1.GetSagaRequest request) =>
        (await desk.Get(request.Gid, call.Patience)).As(Shape);

    private async Task<Result<V1.ListSagasResponse>> List(RpcCall call, Caller caller, V1.ListSagasRequest request)
    {
        var page = await desk.List(
            request.Status.OrAbsent(), request.After.OrAbsent(), request.Limit.OrDefaultLimit(), call.Patience);
        var response = new V1.ListSagasResponse { Items = { page.Items.Select(Shape) } };
        if (page.Next is { } next)
            response.Next = next;
        return response;
    }

    private async Task<Result<V1.Saga>> Retry(RpcCall call, Caller caller, V1.RetrySagaRequest request) =>
        (await desk.Retry(request.Gid, call.Patience)).As(Shape);

    private async Task<Result<V1.Saga>> Abort(RpcCall call, Caller caller, V1.AbortSagaRequest request) =>
        (await desk.Abort(request.Gid, call.Patience)).As(Shape);

    private static V1.Saga Shape(SagaView saga)
    {
        var message = new V1.Saga
        {
            Gid = saga.Gid,
            Kind = saga.Kind,
            Status = saga.Status,
            Attempts = saga.Attempts,
            NextAt = saga.NextAt?.ToTimestamp(),
        };
        if (saga.Reason is { } reason)
            message.Reason = reason;
        message.Branches.AddRange(saga.Branches.Select(Shape));
        message.Barrier.AddRange(saga.Barrier.Select(Shape));
        return message;
    }

    private static V1.Saga.Types.Branch Shape(SagaBranchView branch) => new()
    {
        BranchId = branch.BranchId,
        Op = branch.Op,
        Status = branch.Status,
        Target = branch.Target,
    };

    private static V1.Saga.Types.BarrierRow Shape(BarrierRowView row) => new()
    {
        BranchId = row.BranchId,
        Op = row.Op,
        BarrierId = row.BarrierId,
        Reason = row.Reason,
    };
}
