namespace Mall.Ledger.Sqlite;

/// <summary>Writes batches through the one connection that writes. Each row is one run of a prepared statement: within the
/// process that costs a few microseconds, which a set-based statement would not undercut. Used by one thread.</summary>
internal sealed class SqliteWriter(SqliteSession session)
{
    // First in each transaction: which batch this is. See docs/decisions/0003-commit-marks.md.
    private static readonly Query<long> s_writeMark = ShortQueries.Number("""
        insert into commit_marks (committer, number, update_time, position)
        values (@p1, @p2, @p3, (select 1 + coalesce(max(position), 0) from commit_marks))
        on conflict (committer) do update
        set number = excluded.number, update_time = excluded.update_time, position = excluded.position
        returning position
        """);

    private static readonly Query<long> s_mark = ShortQueries.Number("select number from commit_marks where committer = @p1");

    private static readonly Query<string> s_reason = new(
        "select reason from barrier where gid = @p1 and branch_id = @p2 and op = @p3 and barrier_id = @p4",
        row => row.GetString(0));

    private static readonly ShapeSql s_parts = new(c => c.Name, i => $"@p{i + 1}", "is");
    private static readonly ConditionalWeakTable<RowShape, string> s_sql = []; // Each shape is put into words once.
    private static readonly string s_enterBarrier = $"{SqlFor(BarrierTable.Insert)} on conflict do nothing";

    /// <inheritdoc cref="IStore.ApplyAsync"/>
    /// <remarks>Sums are written once. When somebody in the batch fails, all is undone and each write set gets a savepoint of its
    /// own.</remarks>
    public void Apply(Batch batch)
    {
        var isCommitting = false;
        try
        {
            if (!TryWrite(batch, batch.Pending, Begin(batch)))
            {
                Rollback();
                var position = Begin(batch);
                foreach (var pending in batch.Pending)
                {
                    session.Execute("savepoint alone");
                    if (!TryWrite(batch, [pending], position)) session.Execute("rollback to alone");
                    session.Execute("release alone");
                }
            }

            isCommitting = true;
            session.Execute("commit");
        }
        catch (Exception failure)
        {
            Rollback();
            if (failure is not SqliteException { SqliteExtendedErrorCode: var code }) throw;
            throw SqliteErrors.Instance.Failure(
                isCommitting ? SqliteErrors.OfCommit(code) : StoreFailure.NothingHappened, failure);
        }
    }

    public bool HasCommitted(string committer, long number)
    {
        try
        {
            return session.Read(s_mark, committer) is [var reached] && reached >= number;
        }
        catch (SqliteException failure)
        {
            throw SqliteErrors.Instance.Failure(StoreFailure.OutcomeUnknown, failure);
        }
    }

    /// <returns>The batch's place among all.</returns>
    private long Begin(Batch batch)
    {
        session.Execute("begin immediate");
        return session.Read(s_writeMark, batch.Committer, batch.Number, batch.Time)[0];
    }

    // SQLite may have rolled back by itself: then there is nothing to do.
    private void Rollback()
    {
        if (session.IsInTransaction) session.Execute("rollback");
    }

    /// <summary>Writes some of the batch, each row once. False: one of them is at fault; who is alone has been told.</summary>
    private bool TryWrite(Batch batch, IReadOnlyList<PendingCommit> some, long position)
    {
        var step = "its barrier row";
        try
        {
            batch.StartPass(some);
            foreach (var pending in some)
            {
                var outcome = Enter(pending.Writes, batch.Time);
                pending.Settle(outcome ?? CommitOutcome.Applied);
                if (outcome is null || (pending.Writes.IsRefusal && outcome == CommitOutcome.NullCompensation))
                    batch.Proceed(pending);
            }

            foreach (var change in batch.Changes)
            {
                step = change.Shape.ToString();
                ReadOnlySpan<Value> values = change.Shape.IsListed ? [.. change.Values, position] : change.Values;
                if (session.Execute(SqlFor(change.Shape), values) != 1) return Refuse(some);
            }

            return true;
        }
        catch (SqliteException failure) when (SqliteErrors.Instance.IsFaultOfStatement(failure))
        {
            return Refuse(some, SqliteErrors.IsUniqueViolation(failure) ? null : SqliteErrors.Instance.Fault(step, failure));
        }
    }

    private static bool Refuse(IReadOnlyList<PendingCommit> some, LedgerFaultException? fault = null)
    {
        foreach (var pending in some) pending.Settle(CommitOutcome.Conflict, fault);
        return false;
    }

    /// <summary>See <see cref="Barrier"/>.</summary>
    private CommitOutcome? Enter(WriteSet writes, DateTimeOffset now)
    {
        if (writes.Barrier is not { } key) return null;
        var (origin, time) = (Barrier.OriginOf(key.Op), writes.Time ?? now);
        var originInserted = origin is not null && Insert(key, origin, time);
        if (writes.IsRefusal && !originInserted && Reason(key) == origin) return CommitOutcome.Duplicate;
        var inserted = Insert(key, key.Op, time);
        return Barrier.Decide(key.Op, originInserted, inserted, inserted || originInserted ? null : Reason(key));
    }

    private string? Reason(in BarrierKey key) =>
        session.Read(s_reason, key.Gid, key.BranchId, Barrier.OpOfReason(key.Op), key.BarrierId).SingleOrDefault();

    private bool Insert(BarrierKey key, string op, DateTimeOffset time) =>
        session.Execute(s_enterBarrier, BarrierTable.New(key, op, time)) == 1;

    private static string SqlFor(RowShape shape) => s_sql.GetValue(shape, static shape => shape.Operation switch
    {
        RowOperation.Insert => $"insert into {shape.Table} ({ShapeSql.Inserted(shape, c => c.Name)}) values ("
            + string.Join(", ", Enumerable.Range(1, shape.Columns.Count + (shape.IsListed ? 1 : 0)).Select(i => $"@p{i}")) + ")",
        RowOperation.Update => $"update {shape.Table} set {s_parts.Sets(shape, c => c.Name)} where {s_parts.Conditions(shape)}",
        _ => $"delete from {shape.Table} where {s_parts.Conditions(shape)}",
    });
}
