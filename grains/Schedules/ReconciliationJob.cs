using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.Hosting;

namespace Mall.Schedules;

/// <summary>
/// Adds up again what is kept as a sum, and raises an alarm where the two differ: what a product has sold must be what orders
/// hold of it, a balance the sum of its movements, what was paid for an order its amount. Each sum and what it is made of are
/// read by one statement, so as of one moment, whatever is sold and given back meanwhile: every database
/// shows a statement one state.
/// </summary>
internal sealed partial class ReconciliationJob(GrainLedger ledger, ScheduleMetrics metrics, ILogger<ReconciliationJob> log)
    : IScheduledJob
{
    /// <summary>
    /// While a saga is under way that takes an item or gives it back, whether it has done so is what its row in the barrier says,
    /// which came with the stock; before and after, what the order's status says. So an order that is stuck half-way differs from
    /// nothing. An ended saga's rows are cleaned up, and nobody asks for them.
    /// </summary>
    private static readonly Query<Difference> s_stock = new(
        $"""
        select p.id, p.sold, coalesce(t.held, 0)
        from products p left join (
          select i.product_id, sum(case
            when g.gid is not null then
              case when {Has("o.gid", "action")} and not {Has("o.gid", "compensate")} then i.quantity else 0 end
            when o.status = {OrderStatus.Created} then i.quantity
            when o.status = {OrderStatus.Paid} and not {Has("concat('refund-', o.id)", "action")} then i.quantity
            when o.status = {OrderStatus.Closed} and not {Has("concat('close-', o.id)", "action")}
              and exists (select 1 from sagas c where c.gid = concat('close-', o.id) and c.status = 'submitted') then i.quantity
            else 0 end) as held
          from order_items i join orders o on o.id = i.order_id
            left join sagas g on g.gid = o.gid and g.status in ('prepared', 'submitted', 'aborting')
          group by i.product_id) t on t.product_id = p.id
        where p.stock < 0 or p.sold <> coalesce(t.held, 0)
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

    /// <summary>
    /// Who is said to have paid has paid just that and has it back when the order says so; who has paid for an order that is not
    /// paid has it back, too, or a saga sees to it.
    /// </summary>
    private static readonly Query<Difference> s_payments = new(
        $"""
        select o.id, case when o.status in ({OrderStatus.Paid}, {OrderStatus.Refunded}) then o.amount else 0 end,
          case when o.status in ({OrderStatus.Paid}, {OrderStatus.Refunded}) and p.status <> o.status then 0
            else coalesce(p.amount, 0) end
        from orders o left join payments p on p.order_id = o.id
        where o.status in ({OrderStatus.Paid}, {OrderStatus.Refunded})
            and (p.id is null or p.amount <> o.amount or p.status <> o.status)
          or o.status not in ({OrderStatus.Paid}, {OrderStatus.Refunded}) and p.status = {PaymentStatus.Succeeded}
            and not exists (select 1 from sagas r where r.gid = concat('refund-', o.id))
        order by o.id limit 100
        """,
        row => new Difference($"order {row.GetInt64(0)}", Number(row, 1), Number(row, 2)));

    private static readonly Query<Difference>[] s_questions = [s_stock, s_points, s_payments];

    public string Name => "reconciliation";

    public async Task<string> RunAsync(DateTimeOffset now, TimeZoneInfo zone)
    {
        var found = new List<Difference>();
        foreach (var question in s_questions)
            found.AddRange(await ledger.QueryAsync(question with { Timeout = IScheduledJob.QueryTimeout }));
        metrics.Differences(found.Count);
        foreach (var (what, kept, added) in found) LogDiffers(what, kept, added);
        return found.Count == 0
            ? "no differences"
            : $"{found.Count} differences: "
                + string.Join("; ", found.Take(10).Select(one => $"{one.What} has {one.Kept} instead of {one.Added}"));
    }

    /// <summary>
    /// Whether the saga of a gid has acted on item i of order o, or undone that. The branch of an item is numbered by its place
    /// among those of the order, by product; the first is 02.
    /// </summary>
    private static string Has(string gid, string op) =>
        $"""
        exists (
          select 1 from barrier b where b.gid = {gid} and b.op = '{op}' and b.reason = '{op}'
            and b.branch_id = (
              select concat(case when count(*) < 9 then '0' else '' end, count(*) + 1)
              from order_items n where n.order_id = i.order_id and n.product_id <= i.product_id))
        """;

    private static long Number(DbDataReader row, int column) =>
        Convert.ToInt64(row.GetValue(column), CultureInfo.InvariantCulture);

    [LoggerMessage(3403, LogLevel.Critical, "Reconciliation: {What} has {Kept} where the movements add up to {Added}")]
    private partial void LogDiffers(string what, long kept, long added);

    private sealed record Difference(string What, long Kept, long Added);
}

/// <summary>What schedules tell of themselves, in the meter <c>mall</c>.</summary>
internal sealed class ScheduleMetrics : IHostedService, IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _differences;

    /// <param name="factory">The host's, or null for a meter of its own.</param>
    public ScheduleMetrics(IMeterFactory? factory = null)
    {
        _meter = factory?.Create(new MeterOptions("mall")) ?? new Meter("mall");
        _differences = _meter.CreateCounter<long>(
            "reconciliation.differences", "{difference}", "Sums that differ from what they are made of.");
    }

    /// <summary>Zero is there before the first difference, which would be no increase otherwise.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        _differences.Add(0);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Differences(int count) => _differences.Add(count);

    public void Dispose() => _meter.Dispose();
}
