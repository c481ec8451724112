namespace Mall.Simulation;

/// <summary>
/// A silo's ledger, with a bug in it if one is planted; the product's own code is as it is. Of stock that is being taken it notes
/// from when to when somebody waits for it: no other buyer may have it meanwhile, and be refused for want of it, although the
/// rows do not show it yet.
/// </summary>
internal sealed class WatchedLedger(ILedger inner, Cluster cluster) : ILedger
{
    public async Task<CommitOutcome> CommitAsync(WriteSet writes, CancellationToken cancellationToken = default)
    {
        var from = cluster.World.UtcNow;
        try
        {
            return await (cluster.Planted?.Commit?.Invoke(writes, inner) ?? inner.CommitAsync(writes, cancellationToken));
        }
        finally
        {
            foreach (var (shape, values) in writes.Changes.Where(change => change.Shape.Table.Name == "products"))
                for (var i = 0; i < values.Length; i++)
                    if (shape.Columns[i].Role == ColumnRole.AddNotNegative && values[i].Number < 0)
                        cluster.Reservations.Add($"{values[0].Number}", -values[i].Number, from, cluster.World.UtcNow);
        }
    }

    public Task<IReadOnlyList<T>> QueryAsync<T>(Query<T> query, CancellationToken cancellationToken, params Value[] parameters) =>
        inner.QueryAsync(
            cluster.Planted?.Misread is var (right, wrong) ? query with { Sql = query.Sql.Replace(right, wrong) } : query,
            cancellationToken, parameters);

    public ValueTask<long> NextIdAsync(string sequence, CancellationToken cancellationToken = default) =>
        inner.NextIdAsync(sequence, cancellationToken);
}

/// <summary>Which stock was held for whom, of all silos.</summary>
public sealed class Reservations
{
    private static readonly TimeSpan s_slack = TimeSpan.FromMilliseconds(2); // Until whoever waits has been told.

    private readonly Dictionary<string, List<(long Quantity, DateTimeOffset From, DateTimeOffset To)>> _byProduct = [];

    public void Add(string product, long quantity, DateTimeOffset from, DateTimeOffset to)
    {
        if (!_byProduct.TryGetValue(product, out var held)) _byProduct.Add(product, held = []);
        held.Add((quantity, from, to + s_slack));
    }

    /// <summary>Times at which more was held than just before.</summary>
    public IEnumerable<DateTimeOffset> Starts(string product) => Of(product).Select(r => r.From);
    public long At(string product, DateTimeOffset at) => Of(product).Where(r => r.From <= at && at <= r.To).Sum(r => r.Quantity);

    private List<(long Quantity, DateTimeOffset From, DateTimeOffset To)> Of(string product) =>
        _byProduct.GetValueOrDefault(product) ?? [];
}
