using Mall.Ledger;

namespace Mall.Simulation;

/// <summary>
/// A silo's ledger, of which is noted from when to when somebody waits for stock that is being taken: no other buyer may have
/// it meanwhile, and be refused for want of it, although the rows do not show it yet.
/// </summary>
/// <param name="now">The right clock.</param>
public sealed class WatchedLedger(ILedger inner, Reservations reservations, Func<DateTimeOffset> now) : ILedger
{
    public async Task<CommitOutcome> CommitAsync(WriteSet writes, CancellationToken cancellationToken = default)
    {
        var taken = writes.Changes.Where(IsTaking).ToArray();
        if (taken.Length == 0) return await inner.CommitAsync(writes, cancellationToken);
        var from = now();
        try
        {
            return await inner.CommitAsync(writes, cancellationToken);
        }
        finally
        {
            foreach (var change in taken) reservations.Add(change.Values[0].Number, -Moved(change)!.Value, from, now());
        }
    }

    public Task<IReadOnlyList<T>> QueryAsync<T>(
        Query<T> query, CancellationToken cancellationToken = default, params Value[] parameters) =>
        inner.QueryAsync(query, cancellationToken, parameters);

    public Task<long> SettledAsync(CancellationToken cancellationToken = default) => inner.SettledAsync(cancellationToken);

    public ValueTask<long> NextIdAsync(string sequence, CancellationToken cancellationToken = default) =>
        inner.NextIdAsync(sequence, cancellationToken);

    private static bool IsTaking(RowChange change) => Moved(change) < 0;

    private static long? Moved(RowChange change)
    {
        if (change.Shape.Table.Name != "products") return null;
        for (var i = 0; i < change.Values.Length; i++)
            if (change.Shape.Columns[i].Role == ColumnRole.AddNotNegative) return change.Values[i].Number;
        return null;
    }
}

/// <summary>Which stock was held for whom, of all silos.</summary>
public sealed class Reservations
{
    private static readonly TimeSpan s_slack = TimeSpan.FromMilliseconds(2); // Until whoever waits has been told.

    private readonly Dictionary<long, List<(long Quantity, DateTimeOffset From, DateTimeOffset To)>> _byProduct = [];

    public void Add(long productId, long quantity, DateTimeOffset from, DateTimeOffset to)
    {
        if (!_byProduct.TryGetValue(productId, out var held)) _byProduct.Add(productId, held = []);
        held.Add((quantity, from, to + s_slack));
    }

    /// <summary>Times at which more was held than just before.</summary>
    public IEnumerable<DateTimeOffset> Starts(long productId) => Of(productId).Select(r => r.From);

    public long At(long productId, DateTimeOffset time) =>
        Of(productId).Where(r => r.From <= time && time <= r.To).Sum(r => r.Quantity);

    private List<(long Quantity, DateTimeOffset From, DateTimeOffset To)> Of(long productId) =>
        _byProduct.GetValueOrDefault(productId) ?? [];
}
