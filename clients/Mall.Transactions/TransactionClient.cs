using System.Data.Common;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Mall.Transactions.Client;

/// <summary>What became of a request. Anything else is an exception, and unknown: repeat it under the same gid.</summary>
public enum TransactionOutcome
{
    Success,

    /// <summary>No, and for good.</summary>
    Refused,

    /// <summary>Not yet.</summary>
    Ongoing,
}

/// <param name="Message">Why; null with success.</param>
public sealed record TransactionAnswer(TransactionOutcome Outcome, string? Message)
{
    public bool IsSuccess => Outcome == TransactionOutcome.Success;
}

/// <summary>The server's answer is not known: what was asked may have happened. Repeat it under the same gid.</summary>
public sealed class TransactionUnknownException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Talks to a Mall's door for transactions, or to a DTM server.</summary>
/// <param name="http">Its base address ends with <c>/api/dtmsvr/</c>.</param>
public sealed class TransactionClient(HttpClient http)
{
    internal static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>A gid that nobody else has.</summary>
    public static string NewGid() => Guid.CreateVersion7().ToString("N");

    /// <summary>A saga to be filled and submitted.</summary>
    public Saga Saga(string gid) => new(this, gid);

    /// <summary>A message to be filled, and submitted with a local transaction.</summary>
    public Message Message(string gid) => new(this, gid);

    /// <summary>
    /// Runs a TCC transaction: what the work registers and tries is confirmed when it returns, and cancelled when it throws.
    /// </summary>
    public async Task<TransactionAnswer> TccAsync(string gid, Func<Tcc, Task> work, CancellationToken cancellationToken = default)
    {
        var begun = await PostAsync("prepare", new WireRequest(gid, "tcc"), cancellationToken);
        if (!begun.IsSuccess) return begun;
        try
        {
            await work(new Tcc(this, http, gid));
        }
        catch
        {
            await PostAsync("abort", new WireRequest(gid, "tcc"), CancellationToken.None);
            throw;
        }

        return await PostAsync("submit", new WireRequest(gid, "tcc"), cancellationToken);
    }

    internal async Task<TransactionAnswer> PostAsync(string call, object body, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.PostAsJsonAsync(call, body, Json, cancellationToken);
            var text = await response.Content.ReadAsStringAsync(cancellationToken);
            return response.StatusCode switch
            {
                HttpStatusCode.OK => new(TransactionOutcome.Success, null),
                HttpStatusCode.Conflict => new(TransactionOutcome.Refused, text),
                (HttpStatusCode)425 => new(TransactionOutcome.Ongoing, text),
                _ => throw new TransactionUnknownException($"{call} was answered with {(int)response.StatusCode}: {text}"),
            };
        }
        catch (HttpRequestException e)
        {
            throw new TransactionUnknownException($"{call} was not answered: {e.Message}", e);
        }
    }
}

/// <summary>Steps that all happen, or are compensated in reverse.</summary>
public sealed class Saga(TransactionClient client, string gid)
{
    private readonly List<WireStep> _steps = [];
    private readonly List<string> _payloads = [];

    /// <summary>Submit answers when every branch was called once. Default: when the saga is durable.</summary>
    public bool WaitsForResult { get; set; }

    /// <summary>Adds a step; both are called with the payload as JSON.</summary>
    public Saga Add(string action, string compensate, object payload)
    {
        _steps.Add(new WireStep(action, compensate));
        _payloads.Add(JsonSerializer.Serialize(payload));
        return this;
    }

    /// <summary>Idempotent by its gid.</summary>
    /// <exception cref="TransactionUnknownException">Submit it again.</exception>
    public Task<TransactionAnswer> SubmitAsync(CancellationToken cancellationToken = default) => client.PostAsync(
        "submit", new WireRequest(gid, "saga") { Steps = _steps, Payloads = _payloads, WaitResult = WaitsForResult },
            cancellationToken);
}

/// <summary>Calls that happen if, and only if, a local transaction is committed.</summary>
public sealed class Message(TransactionClient client, string gid)
{
    private readonly List<WireStep> _steps = [];
    private readonly List<string> _payloads = [];

    /// <summary>Adds a call, or <c>topic://name</c>; it gets the payload as JSON.</summary>
    public Message Add(string action, object payload)
    {
        _steps.Add(new WireStep(action, null));
        _payloads.Add(JsonSerializer.Serialize(payload));
        return this;
    }

    /// <summary>Without a local transaction. Idempotent by its gid.</summary>
    public Task<TransactionAnswer> SubmitAsync(CancellationToken cancellationToken = default) =>
        client.PostAsync("submit", Request(null), cancellationToken);

    /// <summary>
    /// Does the work in a local transaction and submits. When this process dies in between, the server asks at
    /// <paramref name="queryPrepared"/>, which answers by <see cref="BranchBarrier.WasCommittedAsync"/>.
    /// </summary>
    /// <param name="connection">Open, with the barrier's table.</param>
    /// <returns>Refused: the server had given the message up before, and the work was not done.</returns>
    public async Task<TransactionAnswer> DoAndSubmitAsync(
        string queryPrepared, DbConnection connection, Func<DbTransaction, Task> work,
            CancellationToken cancellationToken = default)
    {
        var prepared = await client.PostAsync("prepare", Request(queryPrepared), cancellationToken);
        if (!prepared.IsSuccess) return prepared;
        await using (var transaction = await connection.BeginTransactionAsync(cancellationToken))
        {
            if (!await BranchBarrier.EnterMessageAsync(transaction, gid, cancellationToken))
            {
                await transaction.RollbackAsync(cancellationToken);
                return await BranchBarrier.WasCommittedAsync(connection, gid, cancellationToken)
                    ? await client.PostAsync("submit", Request(queryPrepared), cancellationToken)
                    : new TransactionAnswer(TransactionOutcome.Refused, "The message was given up before its work was done.");
            }

            await work(transaction);
            await transaction.CommitAsync(cancellationToken);
        }

        return await client.PostAsync("submit", Request(queryPrepared), cancellationToken);
    }

    private WireRequest Request(string? queryPrepared) =>
        new(gid, "msg") { Steps = _steps, Payloads = _payloads, QueryPrepared = queryPrepared };
}

/// <summary>A TCC transaction under way.</summary>
public sealed class Tcc(TransactionClient client, HttpClient http, string gid)
{
    private int _branches;

    /// <summary>Registers a branch, and then tries it with the payload as JSON.</summary>
    /// <exception cref="InvalidOperationException">The try was refused, or nobody knows: the transaction is to be
    /// cancelled.</exception>
    public async Task TryAsync(string tryUrl, string confirm, string cancel, object payload,
        CancellationToken cancellationToken = default)
    {
        var (branch, data) = ($"{++_branches:00}", JsonSerializer.Serialize(payload));
        var registered = await client.PostAsync("registerBranch", new Dictionary<string, string>
        {
            ["gid"] = gid, ["trans_type"] = "tcc", ["branch_id"] = branch, ["data"] = data, ["confirm"] = confirm,
            ["cancel"] = cancel,
        }, cancellationToken);
        if (!registered.IsSuccess) throw new InvalidOperationException(registered.Message);
        var query = $"gid={Uri.EscapeDataString(gid)}&trans_type=tcc&branch_id={branch}&op=try";
        using var body = new StringContent(data, System.Text.Encoding.UTF8, "application/json");
        using var answer = await http.PostAsync($"{tryUrl}{(tryUrl.Contains('?') ? '&' : '?')}{query}", body, cancellationToken);
        if (answer.StatusCode != HttpStatusCode.OK)
            throw new InvalidOperationException($"{tryUrl} answered {(int)answer.StatusCode}.");
    }
}

internal sealed record WireStep(string Action, string? Compensate);

internal sealed record WireRequest(string Gid, string TransType)
{
    public List<WireStep>? Steps { get; init; }
    public List<string>? Payloads { get; init; }
    public string? QueryPrepared { get; init; }
    public bool? WaitResult { get; init; }
}
