namespace Mall.Simulation;

/// <summary>A silo's ledger, with a bug in it if one is planted; the product's own code is as it is. Of stock that is being taken
/// it notes from when to when somebody waits for it.</summary>
internal sealed class WatchedLedger(ILedger inner, Cluster cluster) : ILedger
{
    private static readonly TimeSpan s_slack = TimeSpan.FromMilliseconds(2); // Until whoever waits has been told.
    private static readonly Query<int> s_reserve = new("insert into reserved values (@p1, @p2, @p3, @p4)", _ => 0);

    public async Task<CommitOutcome> CommitAsync(WriteSet writes)
    {
        var since = cluster.World.UtcNow.UtcTicks;
        try
        {
            return await (cluster.Planted?.Commit?.Invoke(writes, inner) ?? inner.CommitAsync(writes));
        }
        finally
        {
            foreach (var (shape, values) in writes.Changes.Where(change => change.Shape.Table.Name == "products"))
                for (var i = 0; i < values.Length; i++)
                    if (shape.Columns[i].Role == ColumnRole.AddNotNegative && values[i].Number < 0)
                        cluster.Database.Read(
                            s_reserve, values[0], -values[i].Number, since, (cluster.World.UtcNow + s_slack).UtcTicks);
        }
    }

    public Task<IReadOnlyList<T>> QueryAsync<T>(Query<T> query, CancellationToken cancellationToken, params Value[] parameters) =>
        inner.QueryAsync(
            cluster.Planted?.Misread is var (right, wrong) ? query with { Sql = query.Sql.Replace(right, wrong) } : query,
            cancellationToken, parameters);

    public Task<long> SettledAsync(CancellationToken cancellationToken = default) => inner.SettledAsync(cancellationToken);
    public ValueTask<long> NextIdAsync(string sequence, CancellationToken cancellationToken = default) =>
        inner.NextIdAsync(sequence, cancellationToken);
}
