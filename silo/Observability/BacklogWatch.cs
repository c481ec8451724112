using System.Diagnostics.Metrics;
using Mall.Webhooks;

namespace Mall.Silo.Observability;

/// <summary>
/// What waits in the database, looked at every fifteen seconds by each silo, all silos tell the
/// same. Each look costs a few queries that an index answers.
/// </summary>
internal sealed partial class BacklogWatch : BackgroundService
{
    private static readonly TimeSpan s_period = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_soon = TimeSpan.FromMinutes(1);
    private static readonly string[] s_unended = ["prepared", "submitted", "aborting"];

    // One that is parked has a gauge of its own, and one that nobody has tried yet may be meant to wait: a delayed message. Those
    // that are claimed, or asked again and again, are due within a minute.
    private static readonly Query<(long Count, DateTimeOffset? Oldest)> s_sagas = new(
        """
        select count(*), min(case when next_time <= @p2 or next_time is not null and attempts > 0 then create_time end)
        from sagas where status = @p1
        """,
        row => (row.GetInt64(0), Time(row, 1)));

    private static readonly Query<long> s_parked = new(
        "select count(*) from sagas where status in ('prepared', 'submitted', 'aborting') and next_time is null", row =>
            row.GetInt64(0));

    // seen is a position and a place in it, see OutboxLog. Who has no webhook that works is behind nothing.
    private static readonly Query<DateTimeOffset?> s_undelivered = new(
        """
        select create_time from outbox
        where position > (select min(seen) / 8192 from webhooks where status = 'active') order by position limit 1
        """,
        row => Time(row, 0));

    private static readonly Query<(string Status, long Count)> s_webhooks = new(
        "select status, count(*) from webhooks group by status", row => (row.GetString(0), row.GetInt64(1)));

    private readonly ILogger _log;
    private readonly ILedger _ledger;
    private readonly TimeProvider _time;
    private readonly Query<DateTimeOffset?>[] _due;
    private readonly Dictionary<string, (long Count, double AgeSeconds)> _sagas = [];
    private long _parked;
    private double _dueLag;
    private double _outboxLag;
    private Dictionary<string, long> _webhooks = [];

    public BacklogWatch(ILedger ledger, IEnumerable<DueColumn> dueColumns, TimeProvider time, IMeterFactory meters,
        ILogger<BacklogWatch> log)
    {
        (_ledger, _time, _log) = (ledger, time, log);
        _due =
        [
            new("select min(due_time) from due", row => Time(row, 0)),
            .. from column in dueColumns
               where column.Kind != "webhook" // May be called at any time; how late it is says the age of its events.
               select new Query<DateTimeOffset?>(
                   $"""
                   select min({column.DueTime}) from {column.Table} where {column.DueTime} > 0 and {column.Predicate ?? "1 = 1"}
                   """,
                   row => Time(row, 0)),
        ];
        var meter = meters.Create("mall");
        meter.CreateObservableGauge("sagas", () => Each(s => s.Count), "{saga}", "Sagas that have not ended, by status.");
        meter.CreateObservableGauge(
            "sagas.oldest.age", () => Each(s => s.AgeSeconds), "s", "Age of the oldest saga that should have ended, by status.");
        meter.CreateObservableGauge("sagas.parked", () => _parked, "{saga}", "Sagas that wait for an operator.");
        meter.CreateObservableGauge("due.lag", () => _dueLag, "s", "How long the oldest due work has been due.");
        meter.CreateObservableGauge(
            "outbox.lag", () => _outboxLag, "s", "Age of the oldest event that a webhook which is active has not had.");
        meter.CreateObservableGauge("webhooks", Webhooks, "{webhook}", "Webhooks, by status.");
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_period, _time);
        do
        {
            try
            {
                await LookAsync(stoppingToken);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(failure); // The edge of the loop: figures stay as they were, and nobody ends for want of them.
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        foreach (var status in s_unended)
        {
            var (count, oldest) = (await _ledger.QueryAsync(s_sagas, cancellationToken, status, now + s_soon))[0];
            lock (_sagas) _sagas[status] = (count, Since(oldest));
        }

        _parked = (await _ledger.QueryAsync(s_parked, cancellationToken))[0];
        var lag = 0.0;
        foreach (var due in _due) lag = Math.Max(lag, Since((await _ledger.QueryAsync(due, cancellationToken))[0]));
        _dueLag = lag;
        _outboxLag = Since(await _ledger.QueryAsync(s_undelivered, cancellationToken) is [var first] ? first : null);
        _webhooks = (await _ledger.QueryAsync(s_webhooks, cancellationToken)).ToDictionary(row => row.Status, row => row.Count);

        double Since(DateTimeOffset? time) => time is { } then ? Math.Max(0, (now - then).TotalSeconds) : 0;
    }

    private Measurement<T>[] Each<T>(Func<(long Count, double AgeSeconds), T> value) where T : struct
    {
        lock (_sagas)
            return [.. _sagas.Select(
                s => new Measurement<T>(value(s.Value), new KeyValuePair<string, object?>("status", s.Key)))];
    }

    private Measurement<long>[] Webhooks() =>
    [
        .. ((string[])[WebhookStatus.Active, WebhookStatus.Paused, WebhookStatus.Parked]).Select(status =>
            new Measurement<long>(_webhooks.GetValueOrDefault(status), new KeyValuePair<string, object?>("status", status))),
    ];

    private static DateTimeOffset? Time(System.Data.Common.DbDataReader row, int column) =>
        row.IsDBNull(column) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(column));

    [LoggerMessage(5108, LogLevel.Information, "What waits in the database could not be looked at")]
    private partial void LogFailed(Exception failure);
}
