namespace Mall.Simulation;

/// <summary>The life of a transaction: sent, locked, written, committed or not, and what its client hears of it.</summary>
public sealed partial class SimulatedDatabase
{
    private static readonly TimeSpan s_lockTimeout = Ledger.Servers.ServerWriter.LockWait; // as the real stores set them
    private static readonly TimeSpan s_idleTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_markTimeout = TimeSpan.FromSeconds(5);

    internal Transaction Send(Batch batch, string silo)
    {
        var transaction = new Transaction(batch, silo);
        if (!Happens(Options.SeveralTrips)) transaction.CommitSent.SetResult();
        _open.Add(transaction);
        transaction.Answer = Start(() => LiveAsync(transaction));
        return transaction;
    }

    /// <summary>The end of a process: its sessions go with it, except for what had been sent.</summary>
    internal void Abandon(string silo) => KillAll(t => t.Silo == silo && !t.CommitSent.Task.IsCompleted, "its process has ended");

    /// <summary>Whether that batch has committed. What is still in doubt is either ended or waited for, so that the answer is
    /// final.</summary>
    internal Task<bool> HasCommittedAsync(string committer, long number) => Start(async () =>
    {
        await WayAsync();
        if (Happens(Options.ReadBack, "commit mark not read")) throw Unknown("the database does not answer");
        if (_open.Find(t => t.Batch.Committer == committer) is { } inDoubt)
        {
            if (_random.Next(2) == 0) KillAll(transaction => transaction == inDoubt, "its successor ends it");
            await Task.WhenAny(inDoubt.Fate, PassAsync(s_markTimeout));
            if (!inDoubt.Fate.IsCompleted) throw Unknown("the commit mark stayed locked for too long");
        }

        if (IsDown) throw Unknown("the database does not answer");
        var committed = _writer.HasCommitted(committer, number);
        await WayAsync();
        return committed;
    });

    private async Task<StoreException?> LiveAsync(Transaction transaction)
    {
        transaction.Fate = DecideAsync(transaction);
        var failure = await transaction.Fate;

        // Who is between two messages to the server hears of the end of its session when it sends the next.
        if (transaction.Written.Task.IsCompleted) await transaction.CommitSent.Task;
        var starts = _starts;
        await WayAsync();
        if (starts != _starts) failure ??= Unknown("the connection was lost");
        transaction.Written.TrySetResult(failure);
        return failure;
    }

    /// <returns>Null when it is committed, and its client may know; else what the client is to believe.</returns>
    private async Task<StoreException?> DecideAsync(Transaction transaction)
    {
        var held = new List<string>();
        try
        {
            await WayAsync(transaction.Killed);
            if (IsDown || Happens(Options.Refused, "commit refused")) return Nothing("the connection was refused");
            foreach (var key in KeysOf(transaction.Batch)) await LockAsync(key, held, s_lockTimeout, transaction.Killed);
            if (!transaction.CommitSent.Task.IsCompleted) await BetweenTripsAsync(transaction);
            if (Happens(Options.Stalled, "commit stalled")) await PassAsync(Options.LongestStall * Chance(), transaction.Killed);
            await PassAsync(Options.Disk * (2 * Chance()), transaction.Killed);
            if (Happens(Options.Broken, "transaction broken")) return Nothing("the connection was lost");
            if (Happens(Options.CommitLost, "commit lost")) return Unknown("the connection was lost");
            Commit(transaction);
            return Happens(Options.AcknowledgementLost, "acknowledgement lost") ? Unknown("the connection was lost") : null;
        }
        catch (StoreException failure)
        {
            return failure;
        }
        catch (OperationCanceledException)
        {
            var isSaid = transaction.CommitSent.Task.IsCompleted || transaction.Written.Task.IsCompleted;
            return new(isSaid ? StoreFailure.OutcomeUnknown : StoreFailure.NothingHappened, "the session has been ended");
        }
        finally
        {
            held.ForEach(_locks.Release);
            _open.Remove(transaction);
        }
    }

    private async Task BetweenTripsAsync(Transaction transaction)
    {
        await WayAsync(transaction.Killed);
        transaction.Written.SetResult(null);
        var idle = PassAsync(s_idleTimeout, transaction.Killed);
        await Task.WhenAny(transaction.CommitSent.Task, idle);
        if (idle.IsCompletedSuccessfully) KillAll(other => other == transaction, "idle in its transaction");
        await WayAsync(transaction.Killed);
    }

    private async Task LockAsync(string key, List<string> held, TimeSpan timeout, CancellationToken killed)
    {
        var turn = _locks.Take(key);
        try
        {
            await turn.Task.WaitAsync(timeout, _time, killed);
        }
        catch (TimeoutException)
        {
            Note("lock waited for too long", key.Replace('\0', ' '));
            throw new StoreException(StoreFailure.Locked, "a row stayed locked by another session for too long");
        }
        finally
        {
            if (!turn.TrySetCanceled(CancellationToken.None)) held.Add(key);
        }
    }

    private void Commit(Transaction transaction)
    {
        (_writing, var batch) = (transaction.Silo, transaction.Batch);
        _writer.Apply(batch);
        Commits++;
        var outcomes = from pending in batch.Pending
            group pending by pending.Fault?.GetType().Name ?? $"{pending.Outcome}" into alike
            select $"{alike.Count()} {alike.Key}";
        _trace($"database: commit {batch.Number} of {transaction.Silo}: {string.Join(", ", outcomes)}");
        Committed?.Invoke();
    }

    /// <summary>The database ends sessions: what has not been committed never is.</summary>
    private void KillAll(Predicate<Transaction> which, string why)
    {
        foreach (var transaction in _open.FindAll(which))
        {
            Note("session ended", $"batch {transaction.Batch.Number} of {transaction.Silo}: {why}");
            transaction.Kill();
        }
    }

    /// <summary>Each barrier key, without its op, and each row that it touches, in the order in which all take them.</summary>
    private static SortedSet<string> KeysOf(Batch batch)
    {
        var keys = new SortedSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < batch.Count; i++)
        {
            if (batch[i].Barrier is { } key) keys.Add(RowLocks.Row("barrier", key.Gid, key.BranchId, key.BarrierId));
            foreach (var (shape, values) in batch[i].Changes)
                keys.Add(RowLocks.Row(shape.Table.Name, [.. shape.KeyPositions.Select(at => values[at].ToObject())]));
        }

        return keys;
    }

    private static StoreException Nothing(string why) => new(StoreFailure.NothingHappened, why);
    private static StoreException Unknown(string why) => new(StoreFailure.OutcomeUnknown, why);
}

/// <summary>One batch, from the moment it is sent. It lives in the database: what was sent goes on when the silo has died, stands
/// still or waits no longer. Answers are null for well, or what the client is to believe.</summary>
internal sealed record Transaction(Batch Batch, string Silo)
{
    private readonly CancellationTokenSource _kill = new();

    public TaskCompletionSource<StoreException?> Written { get; } = new(); // its client hears that only the commit is missing
    public TaskCompletionSource CommitSent { get; } = new(); // its client has sent the commit: from here on nobody knows
    public Task<StoreException?> Fate { get; set; } = null!; // until it is committed, or never to be
    public Task<StoreException?> Answer { get; set; } = null!; // until its client hears that
    public CancellationToken Killed => _kill.Token;
    public void Kill() => _kill.Cancel();
}
