using System.Globalization;

namespace Mall.Schedules;

/// <summary>
/// Tells each shop's sales of the day before, in the schedule's zone: a row of <c>shop_reports</c> and an event with it. The row
/// is there once, so a second run on one day tells nothing again.
/// </summary>
internal sealed class ShopReportJob(GrainLedger ledger, LedgerClock clock) : IScheduledJob
{
    private static readonly Column s_shopId = new("shop_id", ColumnType.Number);
    private static readonly Column s_day = new("day", ColumnType.Text);
    private static readonly Column s_orders = new("orders", ColumnType.Number);
    private static readonly Column s_units = new("units", ColumnType.Number);
    private static readonly Column s_amount = new("amount", ColumnType.Number);
    private static readonly Column s_createTime = new("create_time", ColumnType.Number);

    private static readonly RowShape s_insert = new Table("shop_reports", s_shopId, s_day)
        .Insert(s_shopId, s_day, s_orders, s_units, s_amount, s_createTime);

    /// <summary>What was paid from @p1 until before @p2 and not given back, by shop; shops that sold nothing, too.</summary>
    private static readonly Query<ShopReport> s_sales = new(
        """
        select s.id, coalesce(t.orders, 0), coalesce(t.units, 0), coalesce(t.amount, 0)
        from shops s left join (
          select p.shop_id, count(distinct o.id) as orders, sum(i.quantity) as units, sum(i.quantity * i.price) as amount
          from orders o join order_items i on i.order_id = o.id join products p on p.id = i.product_id
          where o.status = 1 and o.paid_time >= @p1 and o.paid_time < @p2
          group by p.shop_id) t on t.shop_id = s.id
        where s.create_time < @p3 and not exists (select 1 from shop_reports r where r.shop_id = s.id and r.day = @p4)
        order by s.id
        """,
        row => new ShopReport(row.GetInt64(0), "", Sum(row, 1), Sum(row, 2), Sum(row, 3)));

    public string Name => "shop-report";

    public async Task<string> RunAsync(DateTimeOffset now)
    {
        var zoneOffset = now.Offset;
        var end = new DateTimeOffset(now.Date, zoneOffset);
        var start = end.AddDays(-1);
        var day = start.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        var told = 0;
        foreach (var sales in await ledger.QueryAsync(s_sales, start, end, now, day))
        {
            var report = sales with { Day = day };
            var at = clock.GetUtcNow();
            var outcome = await ledger.CommitAsync(new WriteSet(
                s_insert.With(report.ShopId, day, report.Orders, report.Units, report.Amount, at),
                await ledger.EventAsync(EventTypes.ShopReport, $"shop/{report.ShopId}", report, at)));
            if (outcome == CommitOutcome.Applied) told++;
        }

        return $"{told} shops reported for {day}";
    }

    // Sums are decimals in some databases.
    private static long Sum(DbDataReader row, int column) =>
        Convert.ToInt64(row.GetValue(column), CultureInfo.InvariantCulture);
}
