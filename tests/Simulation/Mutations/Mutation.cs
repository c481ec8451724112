using static Mall.Ledger.CommitOutcome;

namespace Mall.Simulation;

/// <summary>A bug that is planted to see whether a run finds it: in how a silo commits, in what it reads, or in what becomes of
/// rows.</summary>
/// <param name="Misread">What of a query is replaced, by what.</param>
/// <param name="Trigger">When the database does what it is not asked for: after which change, and what.</param>
public sealed record Mutation(
    string Name, Func<WriteSet, ILedger, Task<CommitOutcome>>? Commit = null, (string Right, string Wrong)? Misread = null,
    string? Trigger = null)
{
    public static IReadOnlyList<Mutation> All { get; } =
    [
        new("barrier insert of an action left out", (writes, ledger) =>
            ledger.CommitAsync(IsAction(writes) && !IsOf("sagas", writes) ? writes with { Barrier = null } : writes)),
        new("barrier insert of a compensation left out", (writes, ledger) =>
            ledger.CommitAsync(IsAction(writes) ? writes : writes with { Barrier = null })),
        new("barrier row in a transaction of its own", async (writes, ledger) =>
            writes.Barrier is { } key && await ledger.CommitAsync(new WriteSet(key)) is not Applied and var entered
                ? entered : await ledger.CommitAsync(writes with { Barrier = null })),
        new("answer before the commit", AnswerAtOnceAsync),
        new("intent after the action", (writes, ledger) =>
            IsAction(writes) && IsOf("sagas", writes) ? AnswerAtOnceAsync(writes, ledger) : ledger.CommitAsync(writes)),
        new("no owner epoch in the guard", (writes, ledger) => ledger.CommitAsync(Unguarded("products", writes))),
        new("no version in the guard", (writes, ledger) => ledger.CommitAsync(Unguarded("sagas", writes))),
        new("no status in the guard of an order", (writes, ledger) => ledger.CommitAsync(Unguarded("orders", writes))),
        new("points in a transaction of their own", async (writes, ledger) =>
        {
            if (!IsOf("payments", writes)) return await ledger.CommitAsync(writes);
            var parts = writes.Changes.ToLookup(change => change.Shape.Table.Name is "points" or "point_movements");
            if (parts[true].Any()) await ledger.CommitAsync(new WriteSet([.. parts[true]]));
            return await ledger.CommitAsync(writes with { Changes = [.. parts[false]] });
        }),
        new("close forgotten once it is claimed", Trigger: """
            update of close_time on orders when new.status = 0 begin update orders set close_time = null where id = new.id; end
            """),
        new("epoch taken without reading the row again", Misread: (
            "price, stock, sold, status, owner_epoch",
            """
            price, coalesce((select s.stock from seen_products s where s.id = products.id and s.epoch < products.owner_epoch
              order by s.rowid desc limit 1 offset 1), stock), sold, status, owner_epoch
            """)),
        new("compensation instead of retry on an unknown outcome", (writes, ledger) => OtherwiseAsync(
            ledger.CommitAsync(writes),
            failure => failure is LedgerOutcomeUnknownException && IsAction(writes) ? Suspended : throw failure)),
        new("commit mark ignored", Trigger: """
            update on commit_marks begin update commit_marks set number = 0 where committer = new.committer; end
            """),
        new("null compensation marker left out", async (writes, ledger) =>
            writes.Barrier is { } key && !IsAction(writes) && !await HasActedAsync(key, ledger)
                ? NullCompensation : await ledger.CommitAsync(writes)),
        new("duplicate answered as refused", async (writes, ledger) =>
            await ledger.CommitAsync(writes) is var outcome && outcome == Duplicate && IsAction(writes) ? Suspended : outcome),
        new("due work deleted before it is done", Trigger: """
            update of next_time on sagas when new.version = old.version
            begin update sagas set next_time = null where gid = new.gid; end
            """),
        new("saga resumed from the wrong step", Misread: (
            "gid, kind, status,", "gid, kind, case status when 'submitted' then 'aborting' else status end,")),
        new("idempotency key not durable", (writes, ledger) => ledger.CommitAsync(
            writes with { Changes = [.. writes.Changes.Where(change => change.Shape.Table.Name != "idempotency")] })),
        new("ids handed out before they are reserved", Trigger: """
            update on id_blocks when new.next % 4 = 1
            begin update id_blocks set next = old.next where name = new.name; end
            """),
        new("exception without its serializer", (writes, ledger) =>
            OtherwiseAsync(ledger.CommitAsync(writes), failure => throw new UnreadableException(failure.Message))),
    ];

    public override string ToString() => Name;
    private static bool IsAction(WriteSet writes) => writes.Barrier?.Op == BarrierOps.Action;
    private static bool IsOf(string table, WriteSet writes) => writes.Changes.Any(change => change.Shape.Table.Name == table);

    private static async Task<CommitOutcome> OtherwiseAsync(Task<CommitOutcome> commit, Func<Exception, CommitOutcome> failed)
    {
        try
        {
            return await commit;
        }
        catch (Exception failure) // Whatever it is: the bug decides.
        {
            return failed(failure);
        }
    }

    private static async Task<bool> HasActedAsync(BarrierKey key, ILedger ledger) => (await ledger.QueryAsync(
        ShortQueries.Number("select 1 from barrier where gid = @p1 and branch_id = @p2 and op = 'action' and reason = 'action'"),
        default, key.Gid, key.BranchId)).Count > 0;

    private static Task<CommitOutcome> AnswerAtOnceAsync(WriteSet writes, ILedger ledger)
    {
        _ = ledger.CommitAsync(writes).ContinueWith(
            static task => task.Exception, default, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Current);
        return Task.FromResult(Applied);
    }

    /// <summary>Without what the changes of a table demand of their rows; the taking of an epoch stays as it is.</summary>
    private static WriteSet Unguarded(string table, WriteSet writes) =>
        writes with { Changes = [.. writes.Changes.Select(one => one.Shape.Table.Name == table ? Unguarded(one) : one)] };

    private static RowChange Unguarded(RowChange change)
    {
        var (shape, values) = change;
        var isTaking = shape.Columns.Count(c => c.Column.Name == "owner_epoch") == 2;
        if (shape.Operation != RowOperation.Update || isTaking) return change;
        var free = shape.Columns.Aggregate(shape.Table.Update(), (free, column) => column.Role switch
        {
            ColumnRole.Set => free.Set(column.Column),
            ColumnRole.Add => free.Add(column.Column),
            ColumnRole.AddNotNegative => free.AddNotNegative(column.Column),
            _ => free,
        });
        return free.With([.. values.Where((_, i) => shape.Columns[i].Role != ColumnRole.Guard)]);
    }

    private sealed class UnreadableException(string message) : Exception(message);
}
