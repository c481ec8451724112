using System.Globalization;
using System.Text;
using System.Text.Json;
using Mall.Transactions.Client.Servers;

namespace Mall.Transactions.Client;

/// <summary>
/// One run of a workflow's steps. A step may be taken more than once until its outcome is noted, so each has a barrier, a
/// branch's in its own service. Steps may run at once, as long as they begin in the same order each time.
/// </summary>
public sealed class WorkflowRun
{
    internal const string Type = "workflow";
    internal const string Succeed = "succeed";
    internal const string Failed = "failed";
    private const string Action = "action";
    private const string Rollback = "rollback";
    private const string Commit = "commit";

    private readonly List<(string Branch, Take? Rollback, Take? Commit)> _ends = [];
    private readonly ITransactionServer _server;
    private readonly IReadOnlyDictionary<(string Branch, string Op), WorkflowStep> _known;
    private readonly TransactionOptions _options;
    private readonly CancellationToken _cancellationToken;

    internal WorkflowRun(
        ITransactionServer server, string gid, IReadOnlyDictionary<(string Branch, string Op), WorkflowStep> known,
        TransactionOptions options, CancellationToken cancellationToken) =>
        (_server, Gid, _known, _options, _cancellationToken) = (server, gid, known, options, cancellationToken);

    private delegate Task<byte[]> Take(string branch, string op);

    /// <summary>Of the transaction.</summary>
    public string Gid { get; }

    /// <summary>What the workflow returns to whoever asks for it, then or later.</summary>
    public string? Result { get; set; }

    /// <summary>Calls a branch with the payload as JSON.</summary>
    /// <param name="rollback">
    /// Called, newest first, when the workflow is refused from this step on: also when nobody knows whether this step happened.
    /// </param>
    /// <param name="commit">Called, newest first, when all steps have succeeded: with it and a rollback a step is TCC's.</param>
    /// <returns>What it answered, then or in an earlier run.</returns>
    /// <exception cref="TransactionException">It was no success. Let it pass.</exception>
    public Task<byte[]> CallAsync(string action, object payload, string? rollback = null, string? commit = null) =>
        CallAsync(action, TransactionClient.Payload(payload), rollback, commit);

    /// <summary>Calls a branch with this message as it is.</summary>
    /// <inheritdoc cref="CallAsync(string, object, string, string)"/>
    public Task<byte[]> CallAsync(string action, byte[] message, string? rollback = null, string? commit = null)
    {
        Take Ask(string target) => (branch, op) =>
            _server.CallAsync(new BranchCall(target, Gid, Type, branch, op, message, _options), _cancellationToken);
        return StepAsync(Ask(action), rollback is null ? null : Ask(rollback), commit is null ? null : Ask(commit));
    }

    /// <summary>Takes a step of this service's own.</summary>
    /// <param name="action">
    /// Its result is noted as JSON. Throws a <see cref="TransactionException"/> when it refuses; other exceptions leave the step
    /// to be taken again.
    /// </param>
    /// <inheritdoc cref="CallAsync(string, object, string, string)"/>
    public async Task<T> DoAsync<T>(
        Func<BranchBarrier, Task<T>> action, Func<BranchBarrier, Task>? rollback = null, Func<BranchBarrier, Task>? commit = null)
    {
        Take? End(Func<BranchBarrier, Task>? end) => end is null ? null : async (branch, op) =>
        {
            await end(new BranchBarrier(Type, Gid, branch, op));
            return [];
        };
        var result = await StepAsync(
            async (branch, op) => JsonSerializer.SerializeToUtf8Bytes(await action(new BranchBarrier(Type, Gid, branch, op))),
            End(rollback), End(commit));
        return JsonSerializer.Deserialize<T>(result)!;
    }

    internal static TransactionAnswer NotYet(TransactionAnswer answer) =>
        answer.Outcome == TransactionOutcome.Refused ? answer with { Outcome = TransactionOutcome.Ongoing } : answer;

    /// <summary>Commits every step or rolls every one back, the newest first: until each has succeeded once.</summary>
    internal async Task EndAsync(bool isGood)
    {
        foreach (var (branch, rollback, commit) in Enumerable.Reverse(_ends))
        {
            if ((isGood ? commit : rollback) is { } end) await OnceAsync(branch, isGood ? Commit : Rollback, end);
        }
    }

    private Task<byte[]> StepAsync(Take action, Take? rollback, Take? commit)
    {
        var branch = (_ends.Count + 1).ToString("00", CultureInfo.InvariantCulture);
        _ends.Add((branch, rollback, commit)); // Before the action: nobody may know whether it happened.
        return OnceAsync(branch, Action, action);
    }

    /// <summary>What is known of an op; else takes it, and has the server note what it came to.</summary>
    private async Task<byte[]> OnceAsync(string branch, string op, Take take)
    {
        if (_known.TryGetValue((branch, op), out var known)) return known.HasFailed ? throw Refusal(known.Data) : known.Data;
        byte[] data;
        TransactionException? refusal = null;
        try
        {
            data = await take(branch, op);
        }
        catch (TransactionException e) when (op == Action && e.Answer.Outcome == TransactionOutcome.Refused)
        {
            (data, refusal) = (Encoding.UTF8.GetBytes(e.Message), e);
        }
        catch (TransactionException e)
        {
            throw new TransactionException(NotYet(e.Answer)); // An end is never refused: it is asked for again.
        }

        var noted = await _server.RegisterAsync(
            Gid, Type, branch, data,
            new Dictionary<string, string> { ["op"] = op, ["status"] = refusal is null ? Succeed : Failed }, _cancellationToken);

        // Refused: another run was faster and found something else, or the workflow has ended. The next run will know.
        return !noted.IsSuccess ? throw new TransactionException(NotYet(noted)) : refusal is null ? data : throw refusal;
    }

    private static TransactionException Refusal(byte[] reason) =>
        new(TransactionAnswer.Refused(Encoding.UTF8.GetString(reason)));
}
