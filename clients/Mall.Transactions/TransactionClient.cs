using System.Text.Json;
using Grpc.Net.Client;
using Mall.Transactions.Client.Servers;

namespace Mall.Transactions.Client;

/// <summary>
/// Talks to a Mall's door for transactions, or to a DTM server, by HTTP or by gRPC. The server calls branches of either kind,
/// <c>http(s)://host/path</c> and <c>host:port/package.Service/Method</c>; what this client calls itself, the tries of a TCC and
/// the steps of a workflow, has to be of its own kind. Thread-safe.
/// </summary>
public sealed class TransactionClient : IDisposable
{
    private readonly ITransactionServer _server;

    /// <summary>By HTTP: payloads are text.</summary>
    /// <param name="http">
    /// Its base address ends with <c>/api/dtmsvr/</c>. Branches that this client calls are called with it, too.
    /// </param>
    public TransactionClient(HttpClient http) => _server = new HttpServer(http);

    /// <summary>By gRPC: payloads are bytes, and gids ASCII.</summary>
    /// <param name="server">To the server.</param>
    /// <param name="connect">
    /// To a branch at <c>host:port</c> that this client calls. Default: without TLS, on channels that end with this client.
    /// </param>
    public TransactionClient(GrpcChannel server, Func<string, GrpcChannel>? connect = null) =>
        _server = new GrpcServer(server, connect);

    /// <summary>A gid that nobody else has.</summary>
    public static string NewGid() => Guid.CreateVersion7().ToString("N");

    /// <summary>A saga to be filled and submitted.</summary>
    public Saga Saga(string gid, TransactionOptions? options = null) => new(_server, gid, options);

    /// <summary>A message to be filled, and submitted with a local transaction.</summary>
    public Message Message(string gid, TransactionOptions? options = null) => new(_server, gid, options);

    /// <summary>
    /// Runs a TCC transaction: what the work registers and tries is confirmed when it returns, and cancelled when it throws.
    /// </summary>
    /// <returns>
    /// Refused: a try was no success, and all is cancelled. Unknown: whoever asks again under the same gid is told what became of
    /// it; what was submitted is not tried again.
    /// </returns>
    public async Task<TransactionAnswer> TccAsync(string gid, Func<Tcc, Task> work, TransactionOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        var request = new TransactionRequest(gid, Tcc.Type) { Options = options ?? new() };
        var begun = await _server.SendAsync("prepare", request, cancellationToken);

        // What is prepared no longer was submitted, or cancelled: to submit again tells which.
        if (begun.Outcome == TransactionOutcome.Refused) return await _server.SendAsync("submit", request, cancellationToken);
        if (!begun.IsSuccess) return begun;
        try
        {
            await work(new Tcc(_server, gid, request.Options));
        }
        catch (Exception e)
        {
            // If this is lost, too, the server aborts what nobody submits in time. It is refused when the submission of an
            // earlier run, which was told nothing of it, has arrived since.
            var aborted = await _server.SendAsync(
                "abort", request with { RollbackReason = e.Message }, CancellationToken.None);
            if (e is not TransactionException) throw;
            if (aborted.Outcome != TransactionOutcome.Refused) return TransactionAnswer.Refused(e.Message);
        }

        return await _server.SendAsync("submit", request, cancellationToken);
    }

    /// <summary>
    /// A workflow: steps in code, any of which may be a branch or local. The server keeps what each came to, and calls back
    /// until the workflow has ended; then and there the steps run again, and those that are known do not act again.
    /// </summary>
    /// <param name="name">Comes back as <c>op</c>, for services that keep several at one address.</param>
    /// <param name="callback">
    /// Where the server calls this service with the data: it answers with <see cref="Workflow{TData}.RunAsync"/> of the gid.
    /// Over gRPC the message is <c>{bytes data = 1}</c>, the same as <c>google.protobuf.BytesValue</c>, with the data as JSON.
    /// </param>
    /// <param name="steps">
    /// Takes the same steps in the same order for the same data. A <see cref="TransactionException"/> with a refusal, of a
    /// step's or its own, rolls back; with anything else, and any other exception, it is run again later.
    /// </param>
    public Workflow<TData> Workflow<TData>(
        string name, string callback, Func<WorkflowRun, TData, Task> steps, TransactionOptions? options = null) =>
        new(_server, name, callback, steps, options);

    /// <summary>Ends the channels to branches that it has opened.</summary>
    public void Dispose() => (_server as IDisposable)?.Dispose();

    internal static byte[] Payload(object payload) => JsonSerializer.SerializeToUtf8Bytes(payload);
}
