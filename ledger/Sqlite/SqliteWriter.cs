using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Mall.Ledger.Sqlite;

/// <summary>
/// Writes batches through the one connection that writes. Each row is one run of a prepared statement: within the process that
/// costs one to a few microseconds, which a set-based statement would not undercut. Used by one thread.
/// </summary>
internal sealed class SqliteWriter(sqlite3 db) : IDisposable
{
    private readonly Dictionary<RowShape, SqliteStatement> _byShape = [];
    private readonly SqliteStatement _begin = new(db, "begin immediate");
    private readonly SqliteStatement _commit = new(db, "commit");
    private readonly SqliteStatement _rollback = new(db, "rollback");
    private readonly SqliteStatement _savepoint = new(db, "savepoint alone");
    private readonly SqliteStatement _rollbackAlone = new(db, "rollback to alone");
    private readonly SqliteStatement _release = new(db, "release alone");

    // First in each transaction: which batch this is. See docs/decisions/0003-commit-marks.md.
    private readonly SqliteStatement _mark = new(db, """
        insert into commit_marks (committer, number, update_time) values (?1, ?2, ?3)
        on conflict (committer) do update set number = excluded.number, update_time = excluded.update_time
        """);

    private readonly SqliteStatement _readMark = new(db, "select number from commit_marks where committer = ?1");

    private readonly SqliteStatement _enterBarrier = new(db, """
        insert into barrier (trans_type, gid, branch_id, op, barrier_id, reason, create_time) values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        on conflict do nothing
        """);

    private readonly SqliteStatement _readReason = new(db,
        "select reason from barrier where gid = ?1 and branch_id = ?2 and op = ?3 and barrier_id = ?4");

    /// <inheritdoc cref="IStore.ApplyAsync"/>
    public void Apply(Batch batch)
    {
        try
        {
            // A pass that finds new suspects is undone, so there are at most as many passes as write sets; two, as a rule. See
            // docs/decisions/0004.
            while (!TryPass(batch)) Rollback();
        }
        catch (Exception failure)
        {
            Rollback();
            if (failure is not SqliteException) throw;
            throw SqliteErrors.Instance.Failure(StoreFailure.NothingHappened, failure);
        }

        Commit();
    }

    /// <inheritdoc cref="IStore.HasCommittedAsync"/>
    public bool HasCommitted(string committer, long number) =>
        _readMark.Bind(1, committer).Read(row => row.Number(0)) is [var reached] && reached >= number;

    public void Dispose()
    {
        foreach (var statement in _byShape.Values) statement.Dispose();
        foreach (var statement in (SqliteStatement[])
                 [_begin, _commit, _rollback, _savepoint, _rollbackAlone, _release, _mark, _readMark, _enterBarrier, _readReason])
            statement.Dispose();
    }

    /// <summary>Leaves the transaction ready to commit, or says that there are suspects which it does not know yet.</summary>
    private bool TryPass(Batch batch)
    {
        var suspects = batch.Suspects;
        var now = batch.Time.ToUnixTimeMilliseconds();
        batch.StartPass();
        _begin.Execute();
        _mark.Bind(1, batch.Committer).Bind(2, batch.Number).Bind(3, now).Execute();
        ApplyTogether(batch, now);
        if (batch.Suspects > suspects) return false;
        for (var i = 0; i < batch.Count; i++)
            if (batch.IsSuspect(i)) ApplyAlone(batch, i, now);
        batch.Reached(ApplyStage.BeforeCommit);
        return true;
    }

    private void ApplyTogether(Batch batch, long now)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            if (batch.IsSuspect(i)) continue;
            try
            {
                var outcome = Enter(batch[i].Barrier, now);
                batch.Settle(i, outcome ?? CommitOutcome.Applied);
                if (outcome is null) batch.Proceed(i);
            }
            catch (SqliteException failure) when (SqliteErrors.Instance.IsFaultOfStatement(failure))
            {
                batch.Suspect(i);
            }
        }

        batch.Reached(ApplyStage.BarriersWritten);
        var changes = batch.Changes;
        for (var i = 0; i < changes.Length; i++)
            if (changes[i].Contributors > 0 && !Try(changes[i].Shape, changes[i].Values, out _)) batch.SuspectContributors(i);
    }

    private void ApplyAlone(Batch batch, int index, long now)
    {
        _savepoint.Execute();
        try
        {
            var outcome = Enter(batch[index].Barrier, now) ?? Change(batch[index].Changes);
            batch.Settle(index, outcome);
            if (outcome == CommitOutcome.Conflict) _rollbackAlone.Execute();
        }
        catch (LedgerFaultException fault)
        {
            batch.Settle(index, fault);
            _rollbackAlone.Execute();
        }
        catch (SqliteException failure) when (SqliteErrors.Instance.IsFaultOfStatement(failure))
        {
            batch.Settle(index, SqliteErrors.Instance.Fault("its barrier row", failure));
            _rollbackAlone.Execute();
        }

        _release.Execute();
    }

    private CommitOutcome Change(RowChange[] changes)
    {
        foreach (var (shape, values) in changes)
        {
            if (Try(shape, values, out var fault)) continue;
            return fault is null ? CommitOutcome.Conflict : throw fault;
        }

        return CommitOutcome.Applied;
    }

    /// <summary>See <see cref="Barrier"/>.</summary>
    private CommitOutcome? Enter(BarrierKey? barrier, long now)
    {
        if (barrier is not { } key) return null;
        var hasOrigin = Barrier.HasOrigin(key.Op);
        var originInserted = hasOrigin && Insert(key, BarrierOps.Action, now);
        var inserted = Insert(key, key.Op, now);
        if (inserted && !originInserted) return null; // The common case allocates nothing.
        return Barrier.Decide(key.Op, originInserted, inserted, () => ReasonOf(key, hasOrigin ? BarrierOps.Action : key.Op));
    }

    private bool Insert(in BarrierKey key, string op, long now) =>
        _enterBarrier.Bind(1, key.TransType).Bind(2, key.Gid).Bind(3, key.BranchId).Bind(4, op).Bind(5, key.BarrierId)
            .Bind(6, key.Op).Bind(7, now).Execute() == 1;

    private string? ReasonOf(in BarrierKey key, string op) =>
        _readReason.Bind(1, key.Gid).Bind(2, key.BranchId).Bind(3, op).Bind(4, key.BarrierId)
            .Read(row => row.Text(0)).SingleOrDefault();

    /// <summary>False: a guard or a unique key did not hold (no fault), or the statement is impossible.</summary>
    private bool Try(RowShape shape, Value[] values, out LedgerFaultException? fault)
    {
        fault = null;
        SqliteStatement statement;
        try
        {
            statement = StatementFor(shape);
        }
        catch (SqliteException failure) when (SqliteErrors.Instance.IsFaultOfStatement(failure))
        {
            fault = SqliteErrors.Instance.Fault(shape.ToString(), failure);
            return false;
        }

        for (var i = 0; i < values.Length; i++) statement.Bind(i + 1, values[i]);
        var code = statement.Execute(out var changed);
        if (code == raw.SQLITE_OK) return changed == 1;
        if (SqliteErrors.IsUniqueViolation(code)) return false;
        if (!SqliteErrors.IsFaultOfStatement(code)) throw statement.Failure(code);
        fault = SqliteErrors.Instance.Fault(shape.ToString(), statement.Failure(code));
        return false;
    }

    private SqliteStatement StatementFor(RowShape shape)
    {
        if (_byShape.TryGetValue(shape, out var statement)) return statement;
        if (_byShape.Count >= ShapeSql.MostShapes)
        {
            foreach (var old in _byShape.Values) old.Dispose();
            _byShape.Clear();
        }

        return _byShape[shape] = new SqliteStatement(db, SqliteSql.For(shape));
    }

    private void Commit()
    {
        var code = _commit.Execute(out _);
        if (code == raw.SQLITE_OK) return;
        var failure = SqliteErrors.Instance.Failure(SqliteErrors.OfCommit(code), _commit.Failure(code));
        Rollback();
        throw failure;
    }

    // SQLite may have rolled back by itself: then there is nothing to do.
    private void Rollback()
    {
        if (raw.sqlite3_get_autocommit(db) == 0) _rollback.Execute(out _);
    }
}
