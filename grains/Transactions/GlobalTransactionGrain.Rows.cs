using System.Globalization;

namespace Mall.Transactions;

/// <summary>Its row: how it is made, read and moved.</summary>
public sealed partial class GlobalTransactionGrain
{
    /// <summary>Finds or makes its row. Null, or why it cannot be begun.</summary>
    private async Task<TransactionReply?> BeginAsync(TransactionIntent intent, string status)
    {
        if (_transaction is not null) await LoadAsync();
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
            if (subscribers.Count == 0) // DTM's clients look for its words.
                return (intent, TransactionReply.Failure($"topic not found: {topic} has no subscriber."));
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
        ForgetWhatRests();
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

    /// <summary>
    /// A run calls branches by what is known, so it begins from the row: what rests here another activation may have driven on.
    /// What only its client moves is written before anything is called, and what has ended stays so.
    /// </summary>
    private void ForgetWhatRests()
    {
        if (_run.IsCompleted && _transaction is { Status: SagaStatus.Submitted or SagaStatus.Aborting }) _transaction = null;
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
        _again = !_run.IsCompleted;
        var soon = Soon(transaction);
        if (_run.IsCompleted || transaction.Row.NextTime > soon.NextTime) await MoveAsync(transaction, soon);
        Start();
    }

    private TransactionRecord Soon(Transaction transaction) =>
        transaction.Row with { NextTime = Now + services.Settings.TakeoverAfter };

    private static TransactionRecord Ended(Transaction transaction, string status, string? reason) =>
        transaction.Row with { Status = status, Reason = reason ?? transaction.Row.Reason, Attempts = 0 };
}
