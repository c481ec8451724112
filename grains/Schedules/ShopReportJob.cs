using System.Globalization;

namespace Mall.Schedules;

/// <summary>
/// Tells each shop's sales of the day before, in the schedule's zone: a row of <c>shop_reports</c> and an event with it, in one
/// commit. It looks at the days before, too: what a run that died or was missed has left out is made up for, and a day is told
/// again when its figures are others by now, since its payment was heard of later or was given back. Each report sets out from
/// the row that was found, so a second run beside it, or after it, tells nothing twice.
/// </summary>
internal sealed class ShopReportJob(GrainLedger ledger, LedgerClock clock) : IScheduledJob
{
    /// <summary>How many days are looked at, yesterday among them.</summary>
    private const int Days = 31;

    /// <summary>Sales are summed in steps of 15 minutes: in every zone a day begins with one.</summary>
    private static readonly long s_step = (long)TimeSpan.FromMinutes(15).TotalMilliseconds;

    private static readonly Column s_shopId = new("shop_id", ColumnType.Number);
    private static readonly Column s_day = new("day", ColumnType.Text);
    private static readonly Column s_orders = new("orders", ColumnType.Number);
    private static readonly Column s_units = new("units", ColumnType.Number);
    private static readonly Column s_amount = new("amount", ColumnType.Number);
    private static readonly Column s_createTime = new("create_time", ColumnType.Number);

    private static readonly Table s_reports = new("shop_reports", s_shopId, s_day);
    private static readonly RowShape s_insert = s_reports.Insert(s_shopId, s_day, s_orders, s_units, s_amount, s_createTime);
    private static readonly RowShape s_correct =
        s_reports.Update().Guard(s_orders, s_units, s_amount).Set(s_orders, s_units, s_amount, s_createTime);

    /// <summary>What was paid from @p1 until before @p2 and not given back, by shop and steps of @p3.</summary>
    private static readonly Query<(long Shop, DateTimeOffset Time, Sales Sales)> s_sales = new(
        $"""
        select p.shop_id, o.paid_time - o.paid_time % @p3, count(distinct o.id), sum(i.quantity), sum(i.quantity * i.price)
        from orders o join order_items i on i.order_id = o.id join products p on p.id = i.product_id
        where o.status = {OrderStatus.Paid} and o.paid_time >= @p1 and o.paid_time < @p2
        group by p.shop_id, o.paid_time - o.paid_time % @p3
        """,
        row => (row.GetInt64(0), row.Time(1), Sales.Read(row, 2))) { Timeout = IScheduledJob.QueryTimeout };

    /// <summary>Of shops that are older than @p1: those with no report of day @p2, and reports of it that tell of some.</summary>
    private static readonly Query<(long Shop, Sales? Told)> s_told = new(
        """
        select s.id, r.orders, r.units, r.amount
        from shops s left join shop_reports r on r.shop_id = s.id and r.day = @p2
        where s.create_time < @p1 and (r.shop_id is null or r.orders > 0)
        order by s.id
        """,
        row => (row.GetInt64(0), row.IsDBNull(1) ? null : Sales.Read(row, 1)));

    public string Name => "shop-report";

    public async Task<string> RunAsync(DateTimeOffset now, TimeZoneInfo zone)
    {
        var today = DayOf(now, zone);
        var first = today.AddDays(-Days);
        var steps = await ledger.QueryAsync(
            s_sales, Timetable.StartOf(first, zone), Timetable.StartOf(today, zone), s_step);
        var sales = steps.GroupBy(step => DayOf(step.Time, zone)).ToDictionary(
            ofDay => ofDay.Key,
            ofDay => ofDay.GroupBy(step => step.Shop).ToDictionary(
                ofShop => ofShop.Key, ofShop => ofShop.Select(step => step.Sales).Aggregate(Sales.Plus)));

        var (told, older) = (0, 0);
        for (var day = first; day < today; day = day.AddDays(1))
        {
            // Of a day before its own a shop tells nothing; but one that has just opened hears that it is told of.
            var isYesterday = day == today.AddDays(-1);
            var end = isYesterday ? now : Timetable.StartOf(day.AddDays(1), zone);
            var count = await TellAsync(day, end, sales.GetValueOrDefault(day) ?? []);
            if (isYesterday) told = count;
            else older += count;
        }

        var reported = $"{told} shops reported for {Text(today.AddDays(-1))}";
        return older == 0 ? reported : $"{reported}, {older} reports of days before made up for or corrected";
    }

    /// <summary>Tells of one day what is not told, or told otherwise; how often.</summary>
    private async Task<int> TellAsync(DateOnly day, DateTimeOffset end, Dictionary<long, Sales> sales)
    {
        var found = (await ledger.QueryAsync(s_told, end, Text(day))).ToDictionary(report => report.Shop, report => report.Told);
        var count = 0;
        foreach (var shop in found.Keys.Union(sales.Keys).Order())
        {
            // A shop that has sold and was not found has a report that tells of nothing.
            var told = found.TryGetValue(shop, out var report) ? report : Sales.None;
            var sold = sales.GetValueOrDefault(shop, Sales.None);
            if (told == sold) continue;
            var at = clock.GetUtcNow();
            var row = told is null
                ? s_insert.With(shop, Text(day), sold.Orders, sold.Units, sold.Amount, at)
                : s_correct.With(
                    shop, Text(day), told.Orders, told.Units, told.Amount, sold.Orders, sold.Units, sold.Amount, at);
            var data = new ShopReport(
                shop, Text(day), sold.Orders, sold.Units, sold.Amount, Corrects: told is null ? null : true);
            var writes = new WriteSet(row, await ledger.EventAsync(EventTypes.ShopReport, $"shop/{shop}", data, at));
            if (await ledger.CommitAsync(writes) == CommitOutcome.Applied) count++;
        }

        return count;
    }

    private static DateOnly DayOf(DateTimeOffset time, TimeZoneInfo zone) =>
        DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(time, zone).DateTime);

    private static string Text(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private sealed record Sales(long Orders, long Units, long Amount)
    {
        public static Sales None { get; } = new(0, 0, 0);

        public static Sales Plus(Sales one, Sales other) =>
            new(one.Orders + other.Orders, one.Units + other.Units, one.Amount + other.Amount);

        // Sums are decimals in some databases.
        public static Sales Read(DbDataReader row, int column) =>
            new(Number(row, column), Number(row, column + 1), Number(row, column + 2));

        private static long Number(DbDataReader row, int column) =>
            Convert.ToInt64(row.GetValue(column), CultureInfo.InvariantCulture);
    }
}
