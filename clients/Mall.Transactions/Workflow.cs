using System.Text.Json;
using Mall.Transactions.Client.Servers;

namespace Mall.Transactions.Client;

/// <summary>A workflow that this service knows. Thread-safe.</summary>
/// <typeparam name="TData">What a run of it begins with; it travels as JSON.</typeparam>
public sealed class Workflow<TData>
{
    private readonly ITransactionServer _server;
    private readonly string _name;
    private readonly string _callback;
    private readonly Func<WorkflowRun, TData, Task> _steps;
    private readonly TransactionOptions _options;

    internal Workflow(
        ITransactionServer server, string name, string callback, Func<WorkflowRun, TData, Task> steps,
        TransactionOptions? options) =>
        (_server, _name, _callback, _steps, _options) = (server, name, callback, steps, options ?? new());

    /// <summary>
    /// Begins it, or goes on with it: the callback calls the same. A run that ends in between, or whose process does, is called
    /// back by the server.
    /// </summary>
    /// <returns>
    /// Success, with its result; refused: it is rolled back; ongoing or unknown: a branch said so, and the server calls back.
    /// </returns>
    public async Task<TransactionAnswer> RunAsync(string gid, TData data, CancellationToken cancellationToken = default)
    {
        var (known, answer) = await _server.PrepareWorkflowAsync(
            new TransactionRequest(gid, WorkflowRun.Type)
            {
                QueryPrepared = _callback, Options = _options,
                CustomData = JsonSerializer.Serialize(new { name = _name, data = JsonSerializer.SerializeToUtf8Bytes(data) }),
            },
            cancellationToken);
        switch (known?.Status)
        {
            case null: return answer;
            case WorkflowRun.Succeed: return TransactionAnswer.Success with { Result = known.Result };
            case WorkflowRun.Failed: return TransactionAnswer.Refused(known.Reason ?? "");
        }

        var run = new WorkflowRun(_server, gid, known.Steps, _options, cancellationToken);
        try
        {
            var end = await TakeAsync(run, data);
            var extra = new Dictionary<string, string>
            {
                ["status"] = end.IsSuccess ? WorkflowRun.Succeed : WorkflowRun.Failed,
                ["rollback_reason"] = end.Message ?? "", ["result"] = end.Result ?? "",
            };
            var noted = await _server.SendAsync(
                "submit", new TransactionRequest(gid, WorkflowRun.Type) { Extra = extra }, cancellationToken);
            return noted.IsSuccess ? end : WorkflowRun.NotYet(noted);
        }
        catch (TransactionException e)
        {
            return e.Answer;
        }
    }

    private async Task<TransactionAnswer> TakeAsync(WorkflowRun run, TData data)
    {
        try
        {
            await _steps(run, data);
        }
        catch (TransactionException e) when (e.Answer.Outcome == TransactionOutcome.Refused)
        {
            await run.EndAsync(isGood: false);
            return e.Answer;
        }

        await run.EndAsync(isGood: true);
        return TransactionAnswer.Success with { Result = run.Result };
    }
}
