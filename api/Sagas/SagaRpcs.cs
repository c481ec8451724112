using Google.Protobuf.WellKnownTypes;

namespace Mall.Api.Sagas;

/// <summary>gRPC: sagas, for operators.</summary>
[Authorize(Policies.Operator)]
internal sealed class SagaRpcs(SagaDesk desk) : V1.Sagas.SagasBase
{
    public override async Task<V1.Saga> Get(V1.GetSagaRequest request, ServerCallContext context) =>
        Shape((await desk.Get(request.Gid, context.Patience())).OrRefuse(context));

    public override async Task<V1.ListSagasResponse> List(V1.ListSagasRequest request, ServerCallContext context)
    {
        var limit = request.Limit.OrDefaultLimit();
        bool? isParked = request.HasParked ? request.Parked : null;
        var page = await desk.ListWhole(request.Status.OrAbsent(), isParked, request.After.OrAbsent(), limit, context.Patience());
        var response = new V1.ListSagasResponse { Items = { page.Items.Select(Shape) }, Cursor = page.Cursor.ToString() };
        if (page.Next is { } next)
            response.Next = next.ToString();
        return response;
    }

    public override async Task<V1.Saga> Retry(V1.RetrySagaRequest request, ServerCallContext context) =>
        Shape((await desk.Retry(context.Caller(), request.Gid, context.IdempotencyKey(), context.Patience())).OrRefuse(context));

    public override async Task<V1.Saga> Abort(V1.AbortSagaRequest request, ServerCallContext context) =>
        Shape((await desk.Abort(context.Caller(), request.Gid, context.IdempotencyKey(), context.Patience())).OrRefuse(context));

    private static V1.Saga Shape(SagaView saga)
    {
        var message = new V1.Saga
        {
            Gid = saga.Gid, Kind = saga.Kind, Status = saga.Status, Attempts = saga.Attempts, NextAt = saga.NextAt?.ToTimestamp(),
            Branches = { saga.Branches.Select(Shape) }, Barrier = { saga.Barrier.Select(Shape) },
        };
        if (saga.Reason is { } reason) message.Reason = reason;
        return message;
    }

    private static V1.Saga.Types.Branch Shape(SagaBranchView branch) =>
        new() { BranchId = branch.BranchId, Op = branch.Op, Status = branch.Status, Target = branch.Target };

    private static V1.Saga.Types.BarrierRow Shape(BarrierRowView row) =>
        new() { BranchId = row.BranchId, Op = row.Op, BarrierId = row.BarrierId, Reason = row.Reason };
}
