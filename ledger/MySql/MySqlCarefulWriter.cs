using System.Runtime.InteropServices;
using Mall.Ledger.Stores;

namespace Mall.Ledger.MySql;

/// <summary>
/// Writes one batch in which somebody is refused: a repeat, a compensation without its action, a guard that does not hold, a
/// statement that is impossible. It looks before each step, because this database does not say which rows a statement has
/// changed. Whoever fails becomes a suspect; the transaction is rolled back and another pass made, which gives each suspect a
/// savepoint of its own. One thread; blocks.
/// </summary>
internal sealed class MySqlCarefulWriter(MySqlSession session, ChangeGroups groups, Batch batch, long largestPacket)
{
    // Another silo inserts a barrier row between the look and the insert: then it is there at the next look.
    private const int MostRaces = 3;

    private readonly SqlText _sql = new();

    /// <summary>Leaves the transaction ready to commit, and every outcome in the batch.</summary>
    public void Write()
    {
        // A pass that finds new suspects is undone, so there are at most as many passes as write sets; two, as a rule.
        while (true)
        {
            session.ExecuteAll(MySqlStatements.Begin + ";select 1");
            if (TryPass()) break;
            session.Execute("rollback");
        }

        batch.Reached(ApplyStage.BeforeCommit);
    }

    private bool TryPass()
    {
        var suspects = batch.Suspects;
        batch.StartPass();
        MySqlStatements.Mark(_sql.Clear(), batch, "true");
        try
        {
            session.Execute(_sql.ToString());
        }
        catch (Exception revoked) when (MySqlErrors.IsFailedCheck(revoked))
        {
            session.Execute("rollback");
            throw new StoreException(
                StoreFailure.NothingHappened, $"batch {batch.Number} has been told not to have committed", revoked);
        }

        EnterTogether();
        if (batch.Suspects > suspects) return false;
        batch.Reached(ApplyStage.BarriersWritten);
        groups.Collect(batch);
        foreach (var group in groups.Groups) ChangeOrSuspect(group.Shape, CollectionsMarshal.AsSpan(group.Changes));
        if (batch.Suspects > suspects) return false;
        for (var i = 0; i < batch.Count; i++)
            if (batch.IsSuspect(i)) WriteAlone(i);
        return true;
    }

    private void EnterTogether()
    {
        var keys = new List<BarrierKey>();
        EnteredBarriers.CollectKeys(batch, keys);
        EnteredBarriers? entered = null;
        try
        {
            entered = Enter(keys);
        }
        catch (Exception failure) when (MySqlErrors.IsFaultOfStatement(failure))
        {
            // Nobody knows whose key it was.
        }

        EnteredBarriers.Settle(batch, entered);
    }

    private EnteredBarriers Enter(List<BarrierKey> keys)
    {
        for (var races = 0; ; races++)
        {
            try
            {
                return keys.Count == 0 ? new EnteredBarriers() : LookAndEnter(keys);
            }
            catch (Exception failure) when (MySqlErrors.IsUniqueViolation(failure) && races < MostRaces)
            {
                // The server has undone the insert, and nothing else.
            }
        }
    }

    private EnteredBarriers LookAndEnter(List<BarrierKey> keys)
    {
        var entered = new EnteredBarriers();
        var wanted = keys.Where(key => Barrier.HasOrigin(key.Op)).Select(key => new BarrierRow(key, BarrierOps.Action))
            .Concat(keys.Select(key => new BarrierRow(key, key.Op))).ToList();
        MySqlStatements.FindBarriers(_sql.Clear(), wanted);
        var present = session.Read(_sql.ToString(), row =>
            (Key: (row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3)), Reason: row.GetString(4)))
            .ToDictionary(row => row.Key, row => row.Reason);

        var missing = wanted.Where(row => !present.ContainsKey((row.Key.Gid, row.Key.BranchId, row.Op, row.Key.BarrierId)))
            .ToList();
        foreach (var (key, op) in missing)
            (op == key.Op ? entered.Own : entered.Origins).Add((key.Gid, key.BranchId, key.BarrierId));
        foreach (var key in keys.Where(entered.NeedsReason))
            entered.Reasons[(key.Gid, key.BranchId, key.BarrierId)] =
                present[(key.Gid, key.BranchId, EnteredBarriers.OpOfReason(key), key.BarrierId)];
        if (missing.Count == 0) return entered;
        MySqlStatements.InsertBarriers(_sql.Clear(), missing, batch.Time);
        session.Execute(_sql.ToString());
        return entered;
    }

    /// <summary>
    /// Makes the changes. If somebody's fails, everybody of whom that is known becomes a suspect; for an insert that is found out
    /// by halves.
    /// </summary>
    private void ChangeOrSuspect(RowShape shape, ReadOnlySpan<(int Position, Value[] Values)> changes)
    {
        MySqlSql.Change(_sql.Clear(), shape, changes);
        if (_sql.Length > largestPacket / 2)
        {
            Halve(shape, changes);
            return;
        }

        try
        {
            if (shape.Operation == RowOperation.Insert) session.Execute(_sql.ToString());
            else UpdateOrSuspect(shape, changes);
        }
        catch (Exception failure) when (MySqlErrors.IsFaultOfStatement(failure))
        {
            if (shape.Operation == RowOperation.Insert && MySqlErrors.IsUniqueViolation(failure)) Halve(shape, changes);
            else foreach (var (position, _) in changes) batch.SuspectContributors(position);
        }
    }

    // The server has undone the statement that failed, and only that.
    private void Halve(RowShape shape, ReadOnlySpan<(int Position, Value[] Values)> changes)
    {
        if (changes.Length == 1)
        {
            batch.SuspectContributors(changes[0].Position);
            return;
        }

        ChangeOrSuspect(shape, changes[..(changes.Length / 2)]);
        ChangeOrSuspect(shape, changes[(changes.Length / 2)..]);
    }

    private void UpdateOrSuspect(RowShape shape, ReadOnlySpan<(int Position, Value[] Values)> changes)
    {
        MySqlSql.Find(_sql.Clear(), shape, changes);
        var found = session.Read(_sql.ToString(), row => (int)row.GetInt64(0)).ToHashSet();
        for (var i = 0; i < changes.Length; i++)
            if (!found.Contains(i + 1)) batch.SuspectContributors(changes[i].Position);
        if (found.Count < changes.Length) return; // This pass will be undone.
        MySqlSql.Change(_sql.Clear(), shape, changes);
        session.ExecuteAll(_sql.Add("select 1").ToString());
    }

    private void WriteAlone(int index)
    {
        if (StorableValues.FaultOf(batch[index]) is { } impossible)
        {
            batch.Settle(index, impossible);
            return;
        }

        session.Execute("savepoint alone");
        if (!TryWriteAlone(index)) session.Execute("rollback to savepoint alone");
        session.Execute("release savepoint alone");
    }

    /// <summary>False: it is to be undone.</summary>
    private bool TryWriteAlone(int index)
    {
        var step = "its barrier row";
        try
        {
            if (batch[index].Barrier is { } key && Enter([key]).OutcomeOf(key) is { } outcome)
            {
                batch.Settle(index, outcome);
                return true;
            }

            batch.Settle(index, CommitOutcome.Applied);
            foreach (var change in batch[index].Changes)
            {
                step = change.Shape.ToString();
                MySqlSql.Change(_sql.Clear(), change.Shape, [(0, change.Values)]);
                if (_sql.Length > largestPacket)
                {
                    batch.Settle(index, new LedgerFaultException(
                        $"The database will never accept {step}: it is larger than max_allowed_packet."));
                    return false;
                }

                if (session.Execute(_sql.ToString()) > 0) continue;
                batch.Settle(index, CommitOutcome.Conflict);
                return false;
            }

            return true;
        }
        catch (Exception failure) when (MySqlErrors.IsFaultOfStatement(failure))
        {
            if (MySqlErrors.IsUniqueViolation(failure)) batch.Settle(index, CommitOutcome.Conflict);
            else batch.Settle(index, MySqlErrors.Fault(step, failure));
            return false;
        }
    }
}
