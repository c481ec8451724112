using Mall.Ledger;
using Mall.Ledger.Stores;

namespace Mall.Simulation;

/// <summary>The life of a transaction: sent, locked, written, committed or not, and what its client hears of it.</summary>
public sealed partial class SimulatedDatabase
{
    /// <summary>Sends a batch: all of it at once, or first everything but the commit.</summary>
    internal Transaction Send(Batch batch, SimulatedStore owner, bool atOnce)
    {
        lock (_gate)
        {
            var stall = Happens(Options.Stalled) ? Options.LongestStall * _random.NextDouble() : TimeSpan.Zero;
            if (stall > TimeSpan.Zero) Note("commit stalled", $"{batch.Number} of {owner.Silo}, {stall.TotalSeconds:0.0} s");
            var transaction = new Transaction(batch, owner, Fates(), stall) { IsCommitting = atOnce };
            _open.Add(transaction);
            After(Way(), () => Arrive(transaction));
            return transaction;
        }
    }

    internal void SendCommit(Transaction transaction)
    {
        transaction.IsCommitting = true;
        After(Way(), () =>
        {
            if (transaction.HasEnded) transaction.Fail(StoreFailure.OutcomeUnknown, "the session has been ended");
            else After(Disk() + transaction.Stall, () => Commit(transaction));
        });
    }

    /// <summary>The end of a process: its sessions go with it, except for what had been sent.</summary>
    internal void Abandon(SimulatedStore owner)
    {
        foreach (var transaction in _open.Where(t => t.Owner == owner && !t.IsCommitting).ToArray())
            Kill(transaction, "its process has ended");
    }

    /// <summary>
    /// Whether that batch has committed. What is still in doubt is either ended or waited for, so that the answer is final.
    /// </summary>
    internal Task<bool> ReadBackAsync(string committer, long number)
    {
        var answer = new TaskCompletionSource<bool>();
        After(Way(), () => Look(isFirst: true));
        return answer.Task;

        void Look(bool isFirst)
        {
            lock (_gate)
            {
                if (IsDown || (isFirst && Happens(Options.ReadBack)))
                {
                    if (!IsDown) Note("commit mark not read");
                    answer.TrySetException(new StoreException(StoreFailure.OutcomeUnknown, "the database does not answer"));
                    return;
                }

                var inDoubt = _open.FirstOrDefault(t => t.Batch.Committer == committer);
                if (inDoubt is not null && _random.Next(2) == 0) Kill(inDoubt, "its successor ends it");
                else if (inDoubt is not null)
                {
                    inDoubt.Watchers.Add(() => Look(isFirst: false));
                    After(Options.LockTimeout, () => answer.TrySetException(
                        new StoreException(StoreFailure.OutcomeUnknown, "the commit mark stayed locked for too long")));
                    return;
                }

                var committed = _writer.HasCommitted(committer, number) && Planted != Mutation.CommitMarkIgnored;
                After(Way(), () => answer.TrySetResult(committed));
            }
        }
    }

    private Fate Fates()
    {
        var draw = _random.NextDouble();
        if ((draw -= Options.Refused) < 0) return Fate.Refused;
        if ((draw -= Options.Broken) < 0) return Fate.Broken;
        if ((draw -= Options.CommitLost) < 0) return Fate.CommitLost;
        return draw < Options.AcknowledgementLost ? Fate.AcknowledgementLost : Fate.Well;
    }

    private TimeSpan Disk() => Options.Disk * (2 * _random.NextDouble());

    private void Arrive(Transaction transaction)
    {
        lock (_gate)
        {
            if (transaction.HasEnded) return;
            if (IsDown || transaction.Fate == Fate.Refused)
            {
                if (!IsDown) Note("commit refused");
                End(transaction, StoreFailure.NothingHappened, "the connection was refused");
                return;
            }

            transaction.Locks = new LockHolder(KeysOf(transaction.Batch))
            {
                Ready = () => Lock(transaction),
                Waits = () => WaitForLock(transaction),
            };
            _locks.Enter(transaction.Locks);
        }
    }

    private void WaitForLock(Transaction transaction)
    {
        var (locks, held) = (transaction.Locks!, transaction.Locks!.Held);
        After(Options.LockTimeout, () =>
        {
            if (transaction.HasEnded || locks.Held != held) return;
            Note("lock waited for too long", locks.Keys[held].Replace('\0', ' '));
            End(transaction, StoreFailure.Locked, "a row stayed locked by another session for too long");
        });
    }

    private void Lock(Transaction transaction)
    {
        if (transaction.IsCommitting)
        {
            After(Disk() + transaction.Stall, () => Commit(transaction));
            return;
        }

        After(Way(), transaction.Write);
        After(Options.IdleTimeout, () =>
        {
            if (!transaction.IsCommitting) Kill(transaction, "idle in its transaction");
        });
    }

    private void Commit(Transaction transaction)
    {
        lock (_gate)
        {
            if (transaction.HasEnded) return;
            if (transaction.Fate is Fate.Broken or Fate.CommitLost)
            {
                Note(transaction.Fate == Fate.Broken ? "transaction broken" : "commit lost");
                var known = transaction.Fate == Fate.Broken ? StoreFailure.NothingHappened : StoreFailure.OutcomeUnknown;
                End(transaction, known, "the connection was lost");
                return;
            }

            try
            {
                _writer.Apply(transaction.Batch);
                NoteOwners(transaction);
                Commits++;
            }
            catch (StoreException failure)
            {
                End(transaction, failure.Failure, failure.Message);
                return;
            }

            _trace($"database: commit {transaction.Batch.Number} of {transaction.Owner.Silo}: {Outcomes(transaction.Batch)}");
            if (transaction.Fate == Fate.AcknowledgementLost)
            {
                Note("acknowledgement lost");
                End(transaction, StoreFailure.OutcomeUnknown, "the connection was lost");
            }
            else
            {
                End(transaction);
            }
        }

        Committed?.Invoke();
    }

    /// <summary>The database ends a session: what has not been committed never is.</summary>
    private void Kill(Transaction transaction, string why)
    {
        if (transaction.HasEnded) return;
        Note("session ended", $"batch {transaction.Batch.Number} of {transaction.Owner.Silo}: {why}");
        if (transaction.IsCommitting) End(transaction, StoreFailure.OutcomeUnknown, "the session has been ended");
        else if (!transaction.Written.IsCompleted) End(transaction, StoreFailure.NothingHappened, "the session has been ended");
        else Leave(transaction); // Its client hears of it when it next says something.
    }

    private void End(Transaction transaction, StoreFailure? known = null, string problem = "")
    {
        Leave(transaction);
        var starts = _starts;
        After(Way(), () =>
        {
            if (known is { } failure) transaction.Fail(failure, problem);
            else if (starts != _starts) transaction.Fail(StoreFailure.OutcomeUnknown, "the connection was lost");
            else transaction.Succeed();
        });
    }

    private void Leave(Transaction transaction)
    {
        transaction.HasEnded = true;
        _open.Remove(transaction);
        if (transaction.Locks is not null) _locks.Leave(transaction.Locks);
        foreach (var watcher in transaction.Watchers) watcher();
    }

    /// <summary>
    /// Who makes a product or takes its epoch owns it, and from then on nobody else's write may be applied (invariant 3).
    /// The rows do not show it, since they do not say who has written them.
    /// </summary>
    private void NoteOwners(Transaction transaction)
    {
        for (var i = 0; i < transaction.Batch.Count; i++)
        {
            if (transaction.Batch.Fault(i) is not null || transaction.Batch.Outcome(i) != CommitOutcome.Applied) continue;
            foreach (var change in transaction.Batch[i].Changes.Where(c => c.Shape.Table.Name == "products"))
            {
                var id = KeyOf(change);
                if (change.Shape.Operation == RowOperation.Insert || change.Shape.Columns.Any(Sets))
                    _owners[id] = transaction.Owner;
                else if (_owners.GetValueOrDefault(id) is { } owner && owner != transaction.Owner)
                    Execute(s_noteStep, UtcTicks, nameof(Invariant.Fence), id,
                        $"{transaction.Owner.Silo} wrote to product {id}, of which {owner.Silo} has taken the epoch");
            }
        }

        static bool Sets(ShapeColumn column) => column is { Column.Name: "owner_epoch", Role: ColumnRole.Set };
    }

    /// <summary>Every barrier key, without its op, and every row that the batch touches.</summary>
    private static List<string> KeysOf(Batch batch)
    {
        var keys = new List<string>();
        for (var i = 0; i < batch.Count; i++)
        {
            if (batch[i].Barrier is { } key) keys.Add(RowLocks.Row("barrier", $"{key.Gid}\0{key.BranchId}\0{key.BarrierId}"));
            foreach (var change in batch[i].Changes) keys.Add(RowLocks.Row(change.Shape.Table.Name, KeyOf(change)));
        }

        keys.Sort(StringComparer.Ordinal);
        return [.. keys.Distinct()];
    }

    private static string KeyOf(RowChange change) => string.Join('\0', change.Shape.Columns.Index()
        .Where(column => column.Item.Role == ColumnRole.Key).Select(column => change.Values[column.Index].ToObject()));

    private static string Outcomes(Batch batch) => string.Join(
        ", ", Enumerable.Range(0, batch.Count).Select(i => batch.Fault(i)?.GetType().Name ?? batch.Outcome(i).ToString())
            .GroupBy(outcome => outcome).Select(group => $"{group.Count()} {group.Key}"));
}
