using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Mall.Api.Transactions.Wire;

namespace Mall.Transactions.Client.Servers;

internal sealed class GrpcServer(GrpcChannel server, Func<string, GrpcChannel>? connect) : ITransactionServer, IDisposable
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(100); // as HttpClient has
    private static readonly Marshaller<byte[]> s_asIs = new(message => message, message => message);

    private readonly Dtm.DtmClient _server = new(server);
    private readonly ConcurrentDictionary<string, GrpcChannel> _branches = [];

    public async Task<TransactionAnswer> SendAsync(
        string call, TransactionRequest request, CancellationToken cancellationToken)
    {
        var wire = Wire(request);
        return (await AskAsync(
            call switch
            {
                "prepare" => _server.PrepareAsync(wire, Options(cancellationToken)),
                "submit" => _server.SubmitAsync(wire, Options(cancellationToken)),
                _ => _server.AbortAsync(wire, Options(cancellationToken)),
            },
            cancellationToken)).Answer;
    }

    public async Task<TransactionAnswer> RegisterAsync(
        string gid, string type, string branch, byte[] payload, Dictionary<string, string> data,
        CancellationToken cancellationToken) =>
        (await AskAsync(
            _server.RegisterBranchAsync(
                new DtmBranchRequest
                {
                    Gid = gid, TransType = type, BranchID = branch, BusiPayload = ByteString.CopyFrom(payload), Data = { data },
                },
                Options(cancellationToken)),
            cancellationToken)).Answer;

    public async Task<(WorkflowState? Known, TransactionAnswer Answer)> PrepareWorkflowAsync(
        TransactionRequest request, CancellationToken cancellationToken)
    {
        var (answer, found) = await AskAsync(
            _server.PrepareWorkflowAsync(Wire(request), Options(cancellationToken)), cancellationToken);
        return found is null ? (null, answer) : (
            new WorkflowState(
                found.Transaction.Status, found.Transaction.RollbackReason, found.Transaction.Result,
                found.Progresses.ToDictionary(
                    step => (step.BranchID, step.Op),
                    step => new WorkflowStep(step.Status == WorkflowRun.Failed, step.BinData.ToByteArray()))),
            answer);
    }

    public async Task<byte[]> CallAsync(BranchCall call, CancellationToken cancellationToken)
    {
        if (call.Target.Split('/') is not [{ Length: > 0 } address, var service, var name])
            throw new ArgumentException($"{call.Target} is not host:port/package.Service/Method.", nameof(call));
        var channel = connect?.Invoke(address)
            ?? _branches.GetOrAdd(address, static address => GrpcChannel.ForAddress($"http://{address}"));
        var metadata = new Metadata
        {
            { "dtm-gid", call.Gid }, { "dtm-trans_type", call.Type }, { "dtm-branch_id", call.Branch }, { "dtm-op", call.Op },
            { "dtm-dtm", server.Target }, // A branch that registers branches of its own does it there.
        };
        foreach (var (key, value) in call.Options.Headers) metadata.Add(key, value);
        var (answer, reply) = await AskAsync(
            channel.CreateCallInvoker().AsyncUnaryCall(
                new Method<byte[], byte[]>(MethodType.Unary, service, name, s_asIs, s_asIs), host: null,
                Options(cancellationToken, call.Patience).WithHeaders(metadata), call.Payload),
            cancellationToken);
        answer.EnsureSuccess();
        return reply!;
    }

    public void Dispose()
    {
        foreach (var channel in _branches.Values) channel.Dispose();
    }

    private static CallOptions Options(CancellationToken cancellationToken, TimeSpan? patience = null) =>
        new(deadline: DateTime.UtcNow + (patience ?? s_patience), cancellationToken: cancellationToken);

    private static async Task<(TransactionAnswer Answer, T? Reply)> AskAsync<T>(
        AsyncUnaryCall<T> call, CancellationToken cancellationToken) where T : class
    {
        using (call)
        {
            try
            {
                return (TransactionAnswer.Success, await call.ResponseAsync);
            }
            catch (RpcException e) when (cancellationToken.IsCancellationRequested)
            {
                throw new OperationCanceledException(e.Status.Detail, e, cancellationToken);
            }
            catch (RpcException e)
            {
                return (e.StatusCode switch
                {
                    StatusCode.Aborted when e.Status.Detail == "ONGOING" => // Of clients before 1.10.
                        new TransactionAnswer(TransactionOutcome.Ongoing, e.Status.Detail),
                    StatusCode.Aborted => TransactionAnswer.Refused(e.Status.Detail),
                    StatusCode.FailedPrecondition => new TransactionAnswer(TransactionOutcome.Ongoing, e.Status.Detail),
                    _ => new TransactionAnswer(TransactionOutcome.Unknown, $"{e.StatusCode}: {e.Status.Detail}"),
                }, null);
            }
        }
    }

    private static DtmRequest Wire(TransactionRequest request) => new()
    {
        // Metadata carries no more, and a branch whose gid comes in two spellings has two barriers.
        Gid = Ascii.IsValid(request.Gid) ? request.Gid
            : throw new ArgumentException($"The gid {request.Gid} is not ASCII.", nameof(request)),
        TransType = request.Type, CustomedData = request.CustomData ?? "", QueryPrepared = request.QueryPrepared ?? "",
        Steps = request.Steps.Count == 0 ? "" : JsonSerializer.Serialize(request.Steps.Select(HttpServer.Step)),
        BinPayloads = { request.Steps.Select(step => ByteString.CopyFrom(step.Payload)) },
        ReqExtra = { request.Extra }, RollbackReason = request.RollbackReason ?? "",
        TransOptions = new DtmTransOptions
        {
            WaitResult = request.Options.WaitsForResult, TimeoutToFail = HttpServer.Seconds(request.Options.TimeoutToFail),
            RequestTimeout = HttpServer.Seconds(request.Options.RequestTimeout),
            RetryInterval = HttpServer.Seconds(request.Options.RetryInterval), RetryLimit = request.Options.RetryLimit,
            BranchHeaders = { request.Options.Headers.ToDictionary() },
        },
    };
}
