using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;

namespace Mall.Ledger.Sqlite;

/// <summary>Writes batches through the one connection that writes. Each row is one run of a prepared statement: within the
/// process that costs a few microseconds, which a set-based statement would not undercut. Used by one thread.</summary>
internal sealed class SqliteWriter
{
    // First in each transaction: which batch this is. See docs/decisions/0003-commit-marks.md.
    private static readonly Query<long> s_writeMark = ShortQueries.Number("""
        insert into commit_marks (committer, number, update_time, position)
        values (@p1, @p2, @p3, (select 1 + coalesce(max(position), 0) from commit_marks))
        on conflict (committer) do update
        set number = excluded.number, update_time = excluded.update_time, position = excluded.position
        returning position
        """);

    private const string EnterBarrier = """
        insert into barrier (trans_type, gid, branch_id, op, barrier_id, reason, create_time)
        values (@p1, @p2, @p3, @p4, @p5, @p6, @p7) on conflict do nothing
        """;

    private static readonly Query<long> s_mark = ShortQueries.Number("select number from commit_marks where committer = @p1");

    private static readonly Query<string> s_reason = new(
        "select reason from barrier where gid = @p1 and branch_id = @p2 and op = @p3 and barrier_id = @p4",
        row => row.GetString(0));

    private static readonly ShapeSql s_parts = new(c => c.Name, i => $"@p{i + 1}", "is");

    private static readonly ConditionalWeakTable<RowShape, string> s_sql = []; // Each shape is put into words once.

    private readonly SqliteSession _session;
    private long _now;      // The batch's time...
    private long _position; // ...and its place among all batches.

    public SqliteWriter(SqliteSession session)
    {
        _session = session;
        session.Connection.CreateFunction("list_position", () => _position);
    }

    /// <inheritdoc cref="IStore.ApplyAsync"/>
    /// <remarks>Sums are written once. When somebody in the batch fails, all is undone and each write set gets a savepoint of its
    /// own.</remarks>
    public void Apply(Batch batch)
    {
        try
        {
            Begin(batch);
            if (!TryTogether(batch))
            {
                Rollback();
                Begin(batch);
                foreach (var pending in batch.Pending) ApplyAlone(pending);
            }
        }
        catch (Exception failure)
        {
            Rollback();
            if (failure is not SqliteException) throw;
            throw SqliteErrors.Instance.Failure(StoreFailure.NothingHappened, failure);
        }

        try
        {
            _session.Execute("commit");
        }
        catch (SqliteException failure)
        {
            Rollback();
            throw SqliteErrors.Instance.Failure(SqliteErrors.OfCommit(failure.SqliteExtendedErrorCode), failure);
        }
    }

    public bool HasCommitted(string committer, long number)
    {
        try
        {
            return _session.Read(s_mark, committer) is [var reached] && reached >= number;
        }
        catch (SqliteException failure)
        {
            throw SqliteErrors.Instance.Failure(StoreFailure.OutcomeUnknown, failure);
        }
    }

    private void Begin(Batch batch)
    {
        _session.Execute("begin immediate");
        _now = batch.Time.ToUnixTimeMilliseconds();
        _position = _session.Read(s_writeMark, batch.Committer, batch.Number, _now)[0];
    }

    // SQLite may have rolled back by itself: then there is nothing to do.
    private void Rollback()
    {
        if (_session.IsInTransaction) _session.Execute("rollback");
    }

    private bool TryTogether(Batch batch)
    {
        try
        {
            batch.StartPass();
            foreach (var pending in batch.Pending)
            {
                var outcome = Enter(pending.Writes);
                pending.Settle(outcome ?? CommitOutcome.Applied);
                if (Proceeds(pending.Writes, outcome)) batch.Proceed(pending);
            }

            foreach (var change in batch.Changes)
                if (_session.Execute(SqlFor(change.Shape), change.Values) != 1) return false;
            return true;
        }
        catch (SqliteException failure) when (SqliteErrors.Instance.IsFaultOfStatement(failure))
        {
            return false;
        }
    }

    private void ApplyAlone(PendingCommit pending)
    {
        _session.Execute("savepoint alone");
        var step = "its barrier row";
        try
        {
            var outcome = Enter(pending.Writes);
            pending.Settle(outcome ?? CommitOutcome.Applied);
            foreach (var (shape, values) in Proceeds(pending.Writes, outcome) ? pending.Writes.Changes : [])
            {
                step = shape.ToString();
                if (_session.Execute(SqlFor(shape), values) == 1) continue;
                pending.Settle(CommitOutcome.Conflict);
                _session.Execute("rollback to alone");
                break;
            }
        }
        catch (SqliteException failure) when (SqliteErrors.Instance.IsFaultOfStatement(failure))
        {
            var isConflict = SqliteErrors.IsUniqueViolation(failure);
            pending.Settle(CommitOutcome.Conflict, isConflict ? null : SqliteErrors.Instance.Fault(step, failure));
            _session.Execute("rollback to alone");
        }

        _session.Execute("release alone");
    }

    /// <summary>See <see cref="Barrier"/>.</summary>
    private CommitOutcome? Enter(WriteSet writes)
    {
        if (writes.Barrier is not { } key) return null;
        var origin = Barrier.OriginOf(key.Op);
        var time = writes.Time is { } own ? own.ToUnixTimeMilliseconds() : _now;
        var originInserted = origin is not null && Insert(key, origin, time);
        if (writes.IsRefusal && !originInserted && Reason(key) == origin) return CommitOutcome.Duplicate;
        var inserted = Insert(key, key.Op, time);
        return Barrier.Decide(key.Op, originInserted, inserted, inserted || originInserted ? null : Reason(key));
    }

    private static bool Proceeds(WriteSet writes, CommitOutcome? outcome) =>
        outcome is null || (writes.IsRefusal && outcome == CommitOutcome.NullCompensation);

    private string? Reason(in BarrierKey key) =>
        _session.Read(s_reason, key.Gid, key.BranchId, Barrier.OpOfReason(key.Op), key.BarrierId).SingleOrDefault();

    private bool Insert(in BarrierKey key, string op, long time) =>
        _session.Execute(EnterBarrier, key.TransType, key.Gid, key.BranchId, op, key.BarrierId, key.Op, time) == 1;

    private static string SqlFor(RowShape shape) => s_sql.GetValue(shape, static shape => shape.Operation switch
    {
        RowOperation.Insert => $"insert into {shape.Table} ({ShapeSql.Inserted(shape, c => c.Name)}) "
            + $"values ({string.Join(", ", shape.Columns.Select((_, i) => $"@p{i + 1}"))}"
            + (shape.IsListed ? ", list_position())" : ")"),
        RowOperation.Update => $"update {shape.Table} set {s_parts.Sets(shape, c => c.Name)} where {s_parts.Conditions(shape)}",
        _ => $"delete from {shape.Table} where {s_parts.Conditions(shape)}",
    });
}
