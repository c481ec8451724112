namespace Mall.Due;

/// <summary>Reentrant: it keeps nothing between its awaits.</summary>
[StatelessWorker, Reentrant]
public sealed class DueDirectoryGrain(GrainLedger ledger) : Grain, IDueDirectoryGrain
{
    private static readonly Query<DueKind> s_count = new(
        "select kind, count(*), min(due_time) from due group by kind order by kind",
        row => new DueKind(row.GetString(0), row.GetInt64(1), row.Time(2)));

    public async Task<ImmutableArray<DueKind>> Count() => [.. await ledger.QueryAsync(s_count)];
}
