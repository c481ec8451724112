namespace Mall.Due;

/// <summary>Reentrant: it keeps nothing between its awaits.</summary>
[StatelessWorker, Reentrant]
public sealed class DueDirectoryGrain(GrainLedger ledger, IEnumerable<DueColumn> columns) : Grain, IDueDirectoryGrain
{
    private readonly Query<DueKind> _count = new(
        string.Join(" union all ", columns.Select(CountOf).Prepend(
            "select kind, count(*), min(due_time) from due group by kind")) + " order by 1",
        row => new DueKind(row.GetString(0), row.GetInt64(1), row.Time(2)));

    public async Task<ImmutableArray<DueKind>> Count() => [.. await ledger.QueryAsync(_count)];

    // By the index that claims read, too, and no further than anybody wants to know.
    private static string CountOf(DueColumn column) => $"""
        select '{column.Kind}', count(*), min(due) from (
          select {column.DueTime} as due from {column.Table}
          where {column.DueTime} is not null and {column.Predicate ?? "1 = 1"}
          order by {column.DueTime} limit {DueKind.MostCounted}
        ) {column.Table} having count(*) > 0
        """;
}
