using System.Diagnostics.Metrics;
using System.Globalization;

namespace Mall.Schedules;

/// <summary>
/// Adds up again what is kept as a sum, and raises an alarm where the two differ: what a product has sold must be what orders
/// hold of it, a balance the sum of its movements, what was paid for an order its amount. An order whose saga is under way may
/// or may not have been served yet. What differs is looked at again before it is believed, since an order that ends moves its
/// status and the stock in two commits.
/// </summary>
internal sealed partial class ReconciliationJob(
    GrainLedger ledger, LedgerClock clock, ScheduleMetrics metrics, ILogger<ReconciliationJob> log) : IScheduledJob
{
    private const int Looks = 3;

    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    private static readonly Query<Difference> s_stock = new(
        """
        select p.id, p.sold, coalesce(t.held, 0), coalesce(t.maybe, 0)
        from products p left join (
          select i.product_id,
            sum(case when o.status in (0, 1) and (g.gid is null or g.status = 'succeed') then i.quantity else 0 end) as held,
            sum(case when g.status in ('prepared', 'submitted', 'aborting') then i.quantity else 0 end) as maybe
          from order_items i join orders o on o.id = i.order_id left join sagas g on g.gid = o.gid
          group by i.product_id) t on t.product_id = p.id
        where p.stock < 0 or p.sold < coalesce(t.held, 0) or p.sold > coalesce(t.held, 0) + coalesce(t.maybe, 0)
        order by p.id limit 100
        """,
        row => new Difference($"product {row.GetInt64(0)}", Number(row, 1), Number(row, 2)));

    /// <summary>Points move together with their movement.</summary>
    private static readonly Query<Difference> s_points = new(
        """
        select p.user_id, p.balance, coalesce(m.points, 0)
        from points p left join (select user_id, sum(points) as points from point_movements group by user_id) m
          on m.user_id = p.user_id
        where p.balance <> coalesce(m.points, 0)
        order by p.user_id limit 100
        """,
        row => new Difference($"balance of user {row.GetInt64(0)}", Number(row, 1), Number(row, 2)));

    /// <summary>Who is said to have paid has paid just that.</summary>
    private static readonly Query<Difference> s_payments = new(
        """
        select o.id, o.amount, coalesce(p.amount, 0)
        from orders o left join payments p on p.order_id = o.id and p.status in (1, 3)
        where o.status in (1, 3) and o.amount <> coalesce(p.amount, 0)
        order by o.id limit 100
        """,
        row => new Difference($"order {row.GetInt64(0)}", Number(row, 1), Number(row, 2)));

    private static readonly Query<Difference>[] s_questions = [s_stock, s_points, s_payments];

    public string Name => "reconciliation";

    public async Task<string> RunAsync(DateTimeOffset now)
    {
        var found = await LookAsync();
        for (var look = 1; look < Looks && found.Count > 0; look++)
        {
            await Task.Delay(s_pause, clock, CancellationToken.None);
            found.IntersectWith(await LookAsync());
        }

        metrics.Differences(found.Count);
        foreach (var (what, kept, added) in found.OrderBy(one => one.What, StringComparer.Ordinal)) LogDiffers(what, kept, added);
        return found.Count == 0
            ? "no differences"
            : $"{found.Count} differences: "
                + string.Join("; ", found.Take(10).Select(one => $"{one.What} has {one.Kept} instead of {one.Added}"));
    }

    private async Task<HashSet<Difference>> LookAsync()
    {
        var found = new HashSet<Difference>();
        foreach (var question in s_questions) found.UnionWith(await ledger.QueryAsync(question));
        return found;
    }

    private static long Number(DbDataReader row, int column) =>
        Convert.ToInt64(row.GetValue(column), CultureInfo.InvariantCulture);

    [LoggerMessage(3403, LogLevel.Critical, "Reconciliation: {What} has {Kept} where the movements add up to {Added}")]
    private partial void LogDiffers(string what, long kept, long added);

    private sealed record Difference(string What, long Kept, long Added);
}

/// <summary>What schedules tell of themselves, in the meter <c>Mall.Schedules</c>.</summary>
internal sealed class ScheduleMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _differences;

    /// <param name="factory">The host's, or null for a meter of its own.</param>
    public ScheduleMetrics(IMeterFactory? factory = null)
    {
        _meter = factory?.Create(new MeterOptions("mall")) ?? new Meter("mall");
        _differences = _meter.CreateCounter<long>(
            "reconciliation.differences", "{difference}", "Sums that differ from what they are made of.");
        _differences.Add(0);
    }

    public void Differences(int count) => _differences.Add(count);

    public void Dispose() => _meter.Dispose();
}
