using System.Text.Json;

namespace Mall.Transactions;

/// <summary>
/// Drives one transaction of services outside. Its row and what its branches answered are durable before the next step that
/// depends on them; a branch whose answer was lost with this process is called again, under the same gid, branch and op.
/// <para>
/// All calls interleave, so that a client that waits for an outcome keeps nobody from stopping it. Safe, because the row is moved
/// under a gate, one at a time, by what is known then; and there is one run at a time.
/// </para>
/// </summary>
[HashBasedPlacement, GrainDirectory(KeyPlacement.Directory)]
public sealed partial class GlobalTransactionGrain(TransactionServices services) : Grain, IGlobalTransactionGrain, IDisposable
{
    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false }; // As who calls reads it.

    private readonly SemaphoreSlim _gate = new(1, 1);
    private Transaction? _transaction;          // as last read or committed; null until then, and after a write that failed
    private Task _run = Task.CompletedTask;
    private bool _again;                        // somebody wants another pass after this one
    private bool _deactivating;

    private string Gid => this.GetPrimaryKeyString();

    private DateTimeOffset Now => services.Clock.GetUtcNow();

    private bool IsLeaving => _deactivating || services.Lifetime.ApplicationStopping.IsCancellationRequested;

    public Task<TransactionReply> Prepare(TransactionIntent intent) => AloneAsync(async () =>
    {
        if (await BeginAsync(intent, SagaStatus.Prepared) is { } refusal) return refusal;
        return _transaction!.Status == SagaStatus.Prepared
            ? TransactionReply.Success
            : TransactionReply.Failure($"Transaction {Gid} is {_transaction.Status} and cannot be prepared.");
    });

    public async Task<TransactionReply> Submit(TransactionIntent intent, bool waits)
    {
        var reply = await AloneAsync(async () =>
        {
            if (await BeginAsync(intent, SagaStatus.Submitted) is { } refusal) return refusal;
            var transaction = _transaction!;
            if (transaction.Status == SagaStatus.Prepared) await ReleaseAsync(transaction, intent.Delay);
            if (transaction.Status is SagaStatus.Aborting or SagaStatus.Failed)
                return TransactionReply.Failure($"Transaction {Gid} is {transaction.Status} and cannot be submitted.");
            Start();
            return TransactionReply.Success;
        });
        return waits && reply.Result == TransactionResult.Success ? await OutcomeAsync() : reply;
    }

    public Task<TransactionReply> Conclude(string status, string? reason, string? result) =>
        WhenKnownAsync(TransactionTypes.Workflow, async transaction =>
        {
            if (transaction.Status == status) return TransactionReply.Success;
            if (transaction.Status != SagaStatus.Prepared) return Forbids(transaction, "submitted");
            await MoveAsync(
                transaction, Ended(transaction, status, status == SagaStatus.Failed ? reason : null),
                TransactionRows.InsertNote(Gid, TransactionRows.ResultOp, result ?? "", Now));
            return TransactionReply.Success;
        });

    public Task<TransactionReply> Withdraw(string? reason, string? type) => WhenKnownAsync(type, async transaction =>
    {
        var isTwoPhase = transaction.Kind is TwoPhaseTransactions;
        if (transaction is { Status: SagaStatus.Prepared, Kind: MessageTransactions })
            await MoveAsync(transaction, Ended(transaction, SagaStatus.Failed, reason));
        else if (isTwoPhase && transaction.Status == SagaStatus.Prepared)
            await MoveAsync(transaction, Soon(transaction) with { Status = SagaStatus.Aborting, Reason = reason, Attempts = 0 });
        else if (!isTwoPhase || transaction.Status != SagaStatus.Aborting)
            return Forbids(transaction, "aborted");
        Start();
        return TransactionReply.Success;
    });

    public Task<TransactionReply> Register(string type, ImmutableArray<TransactionBranch> branches) =>
        WhenKnownAsync(type, async transaction =>
        {
            if (transaction.Status != SagaStatus.Prepared) return Forbids(transaction, "given branches");
            var added = new List<TransactionOp>();
            foreach (var branch in branches)
            {
                if (branch.BranchId == TransactionRows.NoBranch)
                {
                    return TransactionReply.Failure(
                        $"Branch {branch.BranchId} is transaction {Gid} itself: its steps are 01 and so on.");
                }

                if (!CanBeCalled(transaction.Intent, branch))
                {
                    return TransactionReply.Failure(
                        $"The data of branch {branch.BranchId} of transaction {Gid} is no JSON object, which JSON-RPC needs.");
                }

                var known = transaction.Ops.Find(op => op.BranchId == branch.BranchId && op.Op == branch.Op);
                if (known is null)
                {
                    added.Add(new(
                        transaction.Ops.Count + added.Count, branch.BranchId, branch.Op, branch.Target, branch.Payload)
                    {
                        Status = branch.Status, CreatedAt = Now, IsRegistered = true, IsNoted = true,
                    });
                }
                else if (known.Target != branch.Target || known.Status != branch.Status
                    || !known.Payload.AsSpan().SequenceEqual(branch.Payload))
                {
                    var other = $"Branch {branch.BranchId} of transaction {Gid} has been registered with another {branch.Op}.";
                    // Another run of the workflow is ahead: a client that is told of a failure undoes what that one does.
                    return transaction.Kind is WorkflowTransactions
                        ? TransactionReply.Ongoing(other)
                        : TransactionReply.Failure(other);
                }
            }

            if (added.Count == 0) return TransactionReply.Success;
            await MoveAsync(transaction, transaction.Row, [.. added.Select(op => TransactionRows.InsertBranch(Gid, op, Now))]);
            transaction.Ops.AddRange(added);
            return TransactionReply.Success;
        });

    public Task<TransactionReply> ForceStop() => WhenKnownAsync(null, async transaction =>
    {
        if (transaction.HasEnded) return Forbids(transaction, "stopped");
        LogForceStopped(services.Log, Gid, transaction.Row.Kind, transaction.Status);
        await MoveAsync(transaction, Ended(transaction, SagaStatus.Failed, "It was stopped by force."));
        return TransactionReply.Success;
    });

    public async Task Resume() => await AloneAsync(async () =>
    {
        if (await LoadAsync() is { HasEnded: false }) Start();
        else DeactivateOnIdle();
        return TransactionReply.Success;
    });

    public async Task<Result<Done>> Retry() => Told(await WhenKnownAsync(null, async transaction =>
    {
        if (transaction.HasEnded) return Forbids(transaction, "retried");
        await PushAsync(transaction);
        return TransactionReply.Success;
    }));

    public async Task<Result<Done>> Abort() => Told(await WhenKnownAsync(null, async transaction =>
    {
        const string reason = "It was aborted by an operator.";
        switch (transaction)
        {
            case { Status: SagaStatus.Aborting }:
                await PushAsync(transaction);
                return TransactionReply.Success;
            case { Status: SagaStatus.Submitted, Kind: SagaTransactions }:
            case { Status: SagaStatus.Prepared, Kind: TwoPhaseTransactions }:
                await MoveAsync(transaction,
                    Soon(transaction) with { Status = SagaStatus.Aborting, Reason = reason, Attempts = 0 });
                break;
            case { Status: SagaStatus.Prepared, Kind: MessageTransactions }:
                await MoveAsync(transaction, Ended(transaction, SagaStatus.Failed, reason));
                break;
            default:
                return Forbids(transaction, "aborted");
        }

        Start();
        return TransactionReply.Success;
    }));

    /// <summary>
    /// What was answered is noted, so that nobody is called twice for it. A branch that is let take longer than others is not
    /// waited for: whoever takes over calls it again.
    /// </summary>
    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _deactivating = true;
        try
        {
            await _run.WaitAsync(services.Settings.RequestTimeout, services.Clock, cancellationToken);
        }
        catch (TimeoutException)
        {
            LogLeft(services.Log, Gid);
        }
    }

    public void Dispose() => _gate.Dispose();

    /// <summary>One at a time: between reading what is known and moving the row nobody else moves it.</summary>
    private async Task<T> AloneAsync<T>(Func<Task<T>> act)
    {
        await _gate.WaitAsync();
        try
        {
            return await act();
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <param name="type">What the client takes it for; null: whatever it is.</param>
    private Task<TransactionReply> WhenKnownAsync(string? type, Func<Transaction, Task<TransactionReply>> act) =>
        AloneAsync(async () =>
        {
            if (await LoadAsync() is { } transaction && (type ?? transaction.Row.Kind) == transaction.Row.Kind)
                return await act(transaction);
            if (_run.IsCompleted) DeactivateOnIdle(); // Who takes it for another kind does not end its run.
            return _transaction is null
                ? TransactionReply.Failure($"There is no transaction {Gid}.")
                : TransactionReply.Failure($"Transaction {Gid} is a {_transaction.Row.Kind}, not a {type}.");
        });

    /// <summary>A call by JSON-RPC has the branch among its parameters: what is no object cannot take that, ever.</summary>
    private static bool CanBeCalled(TransactionIntent intent, TransactionBranch branch)
    {
        if (intent.Protocol != "json-rpc" || branch.Payload.Length == 0
            || !branch.Target.Contains("method", StringComparison.Ordinal)) return true;
        try
        {
            using var data = JsonDocument.Parse(branch.Payload, s_strict);
            return data.RootElement.ValueKind is JsonValueKind.Object or JsonValueKind.Null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // Half a character in a name, by an escape.
        {
            return false;
        }
    }

    private static Result<Done> Told(TransactionReply reply) => reply.Result == TransactionResult.Success
        ? Done.It
        : Result.Refused(ErrorCodes.SagaStatusForbids, reply.Message!);

    private TransactionReply Forbids(Transaction transaction, string what) =>
        TransactionReply.Failure($"Transaction {Gid}, a {transaction.Row.Kind}, is {transaction.Status} and cannot be {what}.");

    [LoggerMessage(3501, LogLevel.Warning, "Transaction {Gid} ({Kind}) was stopped by force; it was {Status}")]
    private static partial void LogForceStopped(ILogger log, string gid, string kind, string status);

    [LoggerMessage(3504, LogLevel.Information, "Transaction {Gid} is left while a branch is being called; due work resumes it")]
    private static partial void LogLeft(ILogger log, string gid);
}
