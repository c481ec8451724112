using System.Data.Common;
using System.Globalization;
using Mall.Transactions.Client.Servers;

namespace Mall.Transactions.Client;

/// <summary>Calls that happen if, and only if, a local transaction is committed.</summary>
public sealed class Message
{
    private readonly List<TransactionStep> _steps = [];
    private readonly ITransactionServer _server;
    private readonly string _gid;
    private readonly TransactionOptions _options;

    internal Message(ITransactionServer server, string gid, TransactionOptions? options) =>
        (_server, _gid, _options) = (server, gid, options ?? new());

    /// <summary>No call comes earlier than this after it was submitted, in whole seconds, rounded up. Default: none.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Adds a call, or <c>topic://name</c>; it gets the payload as JSON.</summary>
    public Message Add(string action, object payload) => Add(action, TransactionClient.Payload(payload));

    /// <summary>Adds a call, or <c>topic://name</c>; it gets this message as it is.</summary>
    public Message Add(string action, byte[] message)
    {
        _steps.Add(new TransactionStep(action, null, message));
        return this;
    }

    /// <summary>Without a local transaction. Idempotent by its gid.</summary>
    public Task<TransactionAnswer> SubmitAsync(CancellationToken cancellationToken = default) =>
        SendAsync("submit", null, cancellationToken);

    /// <summary>
    /// Does the work in a local transaction and submits. When this process dies in between, the server asks at
    /// <paramref name="queryPrepared"/>, which answers by <see cref="BranchBarrier.WasCommittedAsync"/>.
    /// </summary>
    /// <param name="connection">Open, with the barrier's table.</param>
    /// <param name="work">
    /// Throws a <see cref="TransactionException"/> with a refusal when it is not to be done: the message is aborted. With other
    /// exceptions it may be done later, under the same gid, until the server asks.
    /// </param>
    /// <returns>
    /// Refused: by the work, or the server had given the message up before; the work was not done. Unknown or ongoing: repeat
    /// it; work that is committed is not done again, and the server asks for it by itself.
    /// </returns>
    public async Task<TransactionAnswer> DoAndSubmitAsync(
        string queryPrepared, DbConnection connection, Func<DbTransaction, Task> work,
        CancellationToken cancellationToken = default)
    {
        var prepared = await SendAsync("prepare", queryPrepared, cancellationToken);
        if (prepared.Outcome is TransactionOutcome.Unknown or TransactionOutcome.Ongoing) return prepared;

        // What is prepared no longer is submitted, or was given up: the barrier knows.
        var reason = prepared.Message ?? "The message was given up before its work was done.";
        try
        {
            if (prepared.IsSuccess && await DoAsync(connection, work, cancellationToken))
                return await SendAsync("submit", queryPrepared, cancellationToken);
        }
        catch (TransactionException e) when (e.Answer.Outcome == TransactionOutcome.Refused)
        {
            reason = e.Message;
        }

        // The barrier before the server: from now on no other run of this message does its work.
        if (await BranchBarrier.WasCommittedAsync(connection, _gid, cancellationToken))
            return await SendAsync("submit", queryPrepared, cancellationToken);
        if (prepared.IsSuccess) await SendAsync("abort", queryPrepared, cancellationToken, reason); // Lost: it asks later.
        return TransactionAnswer.Refused(reason);
    }

    private async Task<bool> DoAsync(
        DbConnection connection, Func<DbTransaction, Task> work, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (!await BranchBarrier.EnterMessageAsync(transaction, _gid, cancellationToken)) return false;
        await work(transaction);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    private Task<TransactionAnswer> SendAsync(
        string call, string? queryPrepared, CancellationToken cancellationToken, string? reason = null) =>
        _server.SendAsync(
            call,
            new TransactionRequest(_gid, "msg")
            {
                Steps = _steps, QueryPrepared = queryPrepared, Options = _options, RollbackReason = reason,
                CustomData = Delay == default ? null
                    : string.Create(CultureInfo.InvariantCulture, $$"""{"delay":{{Math.Ceiling(Delay.TotalSeconds)}}}"""),
            },
            cancellationToken);
}
