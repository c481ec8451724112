namespace Mall.Ledger;

/// <summary>A row that the clean-up looks at.</summary>
/// <param name="Key">Its primary key.</param>
/// <param name="Time">Since when it has been of no use, if it is over.</param>
/// <param name="IsOver">Whether it is of no use.</param>
internal sealed record CleanUpRow(string[] Key, DateTimeOffset Time, bool IsOver);

/// <summary>A table that is cleaned up.</summary>
/// <param name="Name">The table.</param>
/// <param name="KeyColumns">Columns of its primary key, all texts.</param>
/// <param name="Rows">The next rows after a primary key, whose columns are its first parameters; the last is how many.</param>
/// <param name="Removal">The changes that remove a row and what hangs on it.</param>
internal sealed record CleanUpTable(
    string Name, int KeyColumns, Query<CleanUpRow> Rows, Func<ILedger, CleanUpRow, CancellationToken, Task<RowChange[]>> Removal)
{
    private static readonly Column s_gid = Text("gid");
    private static readonly Column s_branchId = Text("branch_id");
    private static readonly Column s_op = Text("op");
    private static readonly Column s_finishTime = new("finish_time", ColumnType.Number);
    private static readonly Column s_updateTime = new("update_time", ColumnType.Number);

    private static readonly RowShape s_removeSaga = new Table("sagas", s_gid).Delete().Guard(s_finishTime);
    private static readonly RowShape s_removeBranch = new Table("saga_branches", s_gid, s_branchId, s_op).Delete();
    private static readonly RowShape s_removeBarrier = new Table("barrier", s_gid, s_branchId, s_op, Text("barrier_id")).Delete();
    private static readonly RowShape s_removeMark = new Table("commit_marks", Text("committer")).Delete().Guard(s_updateTime);

    private static readonly Query<(string BranchId, string Op)> s_branches =
        new("select branch_id, op from saga_branches where gid = @p1", row => (row.GetString(0), row.GetString(1)));

    /// <summary>
    /// In this order: a barrier row goes in the round after its saga, never before it. As long as somebody might still repeat a
    /// branch of a saga, however old, the row that keeps that harmless stays.
    /// </summary>
    public static IReadOnlyList<CleanUpTable> All { get; } =
    [
        new("sagas", 1, new(
            """
            select gid, coalesce(finish_time, 0), case when finish_time is null then 0 else 1 end
            from sagas where gid > @p1 order by gid limit @p2
            """,
            row => new CleanUpRow([row.GetString(0)], Time(row.GetInt64(1)), row.GetInt64(2) == 1)), RemoveSagaAsync),
        new("barrier", 4, new(
            """
            select gid, branch_id, op, barrier_id, create_time,
              case when exists (select 1 from sagas where sagas.gid = barrier.gid) then 0 else 1 end
            from barrier
            where gid >= @p1 and (gid > @p1 or branch_id > @p2
              or (branch_id = @p2 and (op > @p3 or (op = @p3 and barrier_id > @p4))))
            order by gid, branch_id, op, barrier_id limit @p5
            """,
            row => new CleanUpRow(
                [row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3)],
                Time(row.GetInt64(4)),
                row.GetInt64(5) == 1)),
            (_, row, _) => Task.FromResult<RowChange[]>([s_removeBarrier.With(row.Key[0], row.Key[1], row.Key[2], row.Key[3])])),
        new("commit_marks", 1, new(
            "select committer, update_time from commit_marks where committer > @p1 order by committer limit @p2",
            row => new CleanUpRow([row.GetString(0)], Time(row.GetInt64(1)), true)),
            (_, row, _) => Task.FromResult<RowChange[]>([s_removeMark.With(row.Key[0], row.Time)])),
    ];

    private static async Task<RowChange[]> RemoveSagaAsync(ILedger ledger, CleanUpRow row, CancellationToken cancellationToken)
    {
        var branches = await ledger.QueryAsync(s_branches, cancellationToken, row.Key[0]);
        return
        [
            s_removeSaga.With(row.Key[0], row.Time),
            .. branches.Select(branch => s_removeBranch.With(row.Key[0], branch.BranchId, branch.Op)),
        ];
    }

    private static Column Text(string name) => new(name, ColumnType.Text);

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
