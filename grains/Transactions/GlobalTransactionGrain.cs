using System.Globalization;
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
        LogForceStopped(services.Log, Gid, transaction.Kind.GetType().Name, transaction.Status);
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
            using var data = JsonDocument.Parse(branch.Payload);
            return data.RootElement.ValueKind is JsonValueKind.Object or JsonValueKind.Null;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static Result<Done> Told(TransactionReply reply) => reply.Result == TransactionResult.Success
        ? Done.It
        : Result.Refused(ErrorCodes.SagaStatusForbids, reply.Message!);

    private TransactionReply Forbids(Transaction transaction, string what) =>
        TransactionReply.Failure($"Transaction {Gid}, a {transaction.Row.Kind}, is {transaction.Status} and cannot be {what}.");

    /// <summary>Finds or makes its row. Null, or why it cannot be begun.</summary>
    private async Task<TransactionReply?> BeginAsync(TransactionIntent intent, string status)
    {
        if (_transaction is null)
        {
            var (resolved, refusal) = await ResolveTopicsAsync(intent);
            if (refusal is not null && await LoadAsync() is null) return refusal;
            if (_transaction is null && await InsertAsync(resolved, status) is { } taken) return taken;
        }

        return _transaction!.Row.Kind == intent.Type
            ? null
            : TransactionReply.Failure($"Transaction {Gid} is a {_transaction.Row.Kind}, not a {intent.Type}.");
    }

    /// <summary>Submits what was prepared. DTM's clients say only now how long a message is to wait: from now on.</summary>
    private async Task ReleaseAsync(Transaction transaction, TimeSpan delay)
    {
        var next = Soon(transaction) with { Status = SagaStatus.Submitted, Attempts = 0, Reason = null };
        if (delay == TimeSpan.Zero)
        {
            await MoveAsync(transaction, next);
            return;
        }

        var time = Now + delay;
        await MoveAsync(transaction, next, TransactionRows.InsertNote(
            Gid, TransactionRows.DelayOp, time.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture), Now));
        transaction.DelayedTo = time;
    }

    private async Task<TransactionReply?> InsertAsync(TransactionIntent intent, string status)
    {
        var now = DateTimeOffset.FromUnixTimeMilliseconds(Now.ToUnixTimeMilliseconds()); // as the database keeps it
        var row = new TransactionRecord(
            Gid, intent.Type, status, Transaction.PayloadOf(intent), Reason: null, Attempts: 0, Version: 1, NextTime: null, now,
            now,
            FinishTime: null);
        var transaction = new Transaction(row, intent, []);
        transaction.Row = row with
        {
            NextTime = status != SagaStatus.Prepared ? now + services.Settings.TakeoverAfter
                : transaction.Kind is WorkflowTransactions ? now + transaction.Interval(0, services.Settings)
                : transaction.Deadline(services.Settings),
        };
        var insert = TransactionRows.Insert(transaction.Row, LaterTraces.Here);
        if (await services.Ledger.CommitAsync(new WriteSet(insert)) == CommitOutcome.Applied)
        {
            _transaction = transaction;
            return null;
        }

        if (await LoadAsync() is not null) return null;
        DeactivateOnIdle();
        return TransactionReply.Failure($"The gid {Gid} belongs to something else.");
    }

    private async Task<(TransactionIntent Resolved, TransactionReply? Refusal)> ResolveTopicsAsync(TransactionIntent intent)
    {
        if (intent.Type != TransactionTypes.Message) return (intent, null);
        var steps = intent.Steps.ToBuilder();
        for (var i = 0; i < steps.Count; i++)
        {
            if (!steps[i].Action.StartsWith(Topics.Prefix, StringComparison.Ordinal)) continue;
            var topic = steps[i].Action[Topics.Prefix.Length..];
            var subscribers = await Topics.SubscribersAsync(services.Ledger, topic);
            if (subscribers.Count == 0) return (intent, TransactionReply.Failure($"Topic {topic} has no subscriber."));
            steps[i] = steps[i] with { Subscribers = [.. subscribers.Select(s => s.Url)] };
        }

        return (intent with { Steps = steps.ToImmutable() }, null);
    }

    /// <summary>
    /// Reads the row unless it is known, and takes the transaction over: its version moves before a branch is called, so that
    /// whoever has driven it until now writes nothing any more.
    /// </summary>
    private async Task<Transaction?> LoadAsync()
    {
        while (_transaction is null)
        {
            if (await Transaction.ReadAsync(services.Ledger, Gid) is not { } found) return null;
            if (!found.HasEnded)
            {
                found.Row = found.Row with { Version = found.Row.Version + 1, UpdateTime = Now };
                if (await services.Ledger.CommitAsync(new WriteSet(TransactionRows.Update(found.Row))) != CommitOutcome.Applied)
                    continue; // Somebody was faster: read what they left.
            }

            _transaction = found;
        }

        return _transaction;
    }

    /// <summary>Commits the row's next version, together with rows that ride along. Only under the gate.</summary>
    /// <exception cref="StaleActivationException">Another activation has moved it: nothing was written.</exception>
    private async Task MoveAsync(Transaction transaction, TransactionRecord next, params RowChange[] alongside)
    {
        next = next with { Version = transaction.Row.Version + 1, UpdateTime = Now };
        if (transaction.Status == SagaStatus.Submitted && next.Status == SagaStatus.Aborting)
        {
            // Whoever takes over has to compensate what may be under way, and nothing that was never called.
            var started = string.Join(' ', transaction.Ops.Where(op => op.IsStarted).Select(op => op.Number));
            alongside = [.. alongside, TransactionRows.InsertNote(Gid, TransactionRows.StartedOp, started, Now)];
        }

        if (SagaStatus.HasEnded(next.Status)) next = next with { NextTime = null, FinishTime = next.UpdateTime };
        var isApplied = false;
        try
        {
            var outcome = await services.Ledger.CommitAsync(new WriteSet([TransactionRows.Update(next), .. alongside]));
            isApplied = outcome == CommitOutcome.Applied;
            if (!isApplied) throw new StaleActivationException($"Transaction {Gid} is no longer at version {next.Version - 1}.");
        }
        finally
        {
            // What is in the database now is not known here any more: whoever comes next reads it.
            if (!isApplied && _transaction == transaction) _transaction = null;
        }

        transaction.Row = next;
        if (transaction.HasEnded) DeactivateOnIdle();
    }

    /// <summary>
    /// Has it tried again now. Its row, which may rest for an hour, is due soon before anybody is told so: should this silo die,
    /// another tries.
    /// </summary>
    private async Task PushAsync(Transaction transaction)
    {
        _again = !_run.IsCompleted; // The run sees to its row itself.
        if (_run.IsCompleted) await MoveAsync(transaction, Soon(transaction));
        Start();
    }

    private TransactionRecord Soon(Transaction transaction) =>
        transaction.Row with { NextTime = Now + services.Settings.TakeoverAfter };

    private static TransactionRecord Ended(Transaction transaction, string status, string? reason) =>
        transaction.Row with { Status = status, Reason = reason ?? transaction.Row.Reason, Attempts = 0 };

    [LoggerMessage(3501, LogLevel.Warning, "Transaction {Gid} ({Kind}) was stopped by force; it was {Status}")]
    private static partial void LogForceStopped(ILogger log, string gid, string kind, string status);

    [LoggerMessage(3504, LogLevel.Information, "Transaction {Gid} is left while a branch is being called; due work resumes it")]
    private static partial void LogLeft(ILogger log, string gid);
}
