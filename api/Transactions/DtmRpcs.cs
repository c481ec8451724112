using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Mall.Api.Transactions.Wire;
using Mall.Transactions;

namespace Mall.Api.Transactions;

/// <summary>gRPC: what <c>dtmgrpc</c> calls. Failure is ABORTED, ongoing FAILED_PRECONDITION, anything else unknown.</summary>
internal sealed class DtmRpcs(DtmDesk desk) : Dtm.DtmBase
{
    private const int LongestDetail = 4000;

    public override Task<DtmGidReply> NewGid(Empty request, ServerCallContext context) =>
        Task.FromResult(new DtmGidReply { Gid = DtmDesk.NewGid() });

    public override Task<Empty> Prepare(DtmRequest request, ServerCallContext context) =>
        AnswerAsync(() => desk.Prepare(Read(request), HeaderOf(context), context.CancellationToken));

    public override Task<Empty> Submit(DtmRequest request, ServerCallContext context) =>
        AnswerAsync(() => desk.Submit(Read(request), HeaderOf(context), context.CancellationToken));

    public override Task<Empty> Abort(DtmRequest request, ServerCallContext context) => AnswerAsync(() => desk.Abort(
        new WireTransaction { Gid = request.Gid, TransType = request.TransType, RollbackReason = request.RollbackReason }));

    public override Task<Empty> RegisterBranch(DtmBranchRequest request, ServerCallContext context)
    {
        var data = request.Data.ToDictionary(field => field.Key, string? (field) => field.Value);
        if (request.Op.Length > 0) data.TryAdd("op", request.Op);
        return AnswerAsync(() => desk.Register(
            request.Gid, request.TransType, request.BranchID, request.BusiPayload.ToByteArray(), data,
                context.CancellationToken));
    }

    public override async Task<DtmProgressesReply> PrepareWorkflow(DtmRequest request, ServerCallContext context)
    {
        TransactionView? found = null;
        await AnswerAsync(async () =>
        {
            (found, var reply) = await desk.PrepareWorkflow(Read(request), HeaderOf(context), context.CancellationToken);
            return reply;
        });
        var isFailing = found!.Status is "aborting" or "failed";
        return new DtmProgressesReply
        {
            Transaction = new DtmTransaction
            {
                Gid = found.Gid, Status = found.Status, RollbackReason = isFailing ? found.Reason ?? "" : "",
                Result = found.Result ?? "",
            },
            Progresses =
            {
                found.Branches.Select(state => new DtmProgress
                {
                    Status = state.Status, BinData = ByteString.CopyFrom(state.Branch.Payload), BranchID = state.Branch.BranchId,
                    Op = state.Branch.Op,
                }),
            },
        };
    }

    public override Task<Empty> Subscribe(DtmTopicRequest request, ServerCallContext context) =>
        AnswerAsync(() => desk.Subscribe(request.Topic, request.URL, request.Remark, context.CancellationToken));

    public override Task<Empty> Unsubscribe(DtmTopicRequest request, ServerCallContext context) =>
        AnswerAsync(() => desk.Unsubscribe(request.Topic, request.URL));

    public override Task<Empty> DeleteTopic(DtmTopicRequest request, ServerCallContext context) =>
        AnswerAsync(() => desk.RemoveTopic(request.Topic));

    private static WireTransaction Read(DtmRequest request)
    {
        var options = request.TransOptions ?? new DtmTransOptions();
        return new WireTransaction
        {
            Gid = request.Gid, TransType = request.TransType, Protocol = "grpc", CustomData = request.CustomedData,
            QueryPrepared = request.QueryPrepared, RollbackReason = request.RollbackReason,
            Steps = request.Steps is "" or "null"
                ? null
                : DtmJson.Read<List<Dictionary<string, string?>?>>(request.Steps, "Steps"),
            Bytes = [.. request.BinPayloads.Select(payload => payload.ToByteArray())],
            ReqExtra = request.ReqExtra.ToDictionary(field => field.Key, string? (field) => field.Value),
            WaitResult = options.WaitResult, TimeoutToFail = options.TimeoutToFail, RetryInterval = options.RetryInterval,
            RequestTimeout = options.RequestTimeout, RetryLimit = options.RetryLimit,
            BranchHeaders = options.BranchHeaders.ToDictionary(header => header.Key, string? (header) => header.Value),
        };
    }

    private static Func<string, string?> HeaderOf(ServerCallContext context) => context.RequestHeaders.GetValue;

    private async Task<Empty> AnswerAsync(Func<Task<TransactionReply>> ask)
    {
        try
        {
            var reply = await ask();
            return reply.Result switch
            {
                TransactionResult.Success => new Empty(),
                TransactionResult.Failure => throw Problem(StatusCode.Aborted, reply.Message),
                _ => throw Problem(StatusCode.FailedPrecondition, reply.Message),
            };
        }
        catch (BadTransactionException e)
        {
            throw Problem(StatusCode.InvalidArgument, e.Message);
        }
        catch (Exception e) when (e is not RpcException)
        {
            // The call's edge: whatever it was, its outcome is unknown.
            throw Problem(StatusCode.Unavailable, desk.Unknown(e));
        }
    }

    private static RpcException Problem(StatusCode status, string? message) => new(new Status(status, Short(message ?? "")));

    /// <summary>It travels among the metadata, percent-encoded, and clients take only so much there: some 8 KiB.</summary>
    private static string Short(string message)
    {
        var length = 0;
        for (var i = 0; i < message.Length; i++)
        {
            length += message[i] is >= ' ' and <= '~' and not '%' ? 1 : 9; // The most that a character's bytes come to.
            if (length <= LongestDetail) continue;
            return message[..(char.IsLowSurrogate(message[i]) ? i - 1 : i)] + "...";
        }

        return message;
    }
}
