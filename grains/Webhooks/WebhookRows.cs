namespace Mall.Webhooks;

/// <summary>The table <c>webhooks</c>: shapes of its changes, and queries.</summary>
internal static class WebhookRows
{
    private static readonly Column s_id = new("id", ColumnType.Number);
    private static readonly Column s_url = new("url", ColumnType.Text);
    private static readonly Column s_events = new("events", ColumnType.Text);
    private static readonly Column s_secret = new("secret", ColumnType.Text);
    private static readonly Column s_allowPrivate = new("allow_private", ColumnType.Number);
    private static readonly Column s_status = new("status", ColumnType.Text);
    private static readonly Column s_seen = new("seen", ColumnType.Number);
    private static readonly Column s_failures = new("failures", ColumnType.Number);
    private static readonly Column s_lastError = new("last_error", ColumnType.Text);
    private static readonly Column s_failingSince = new("failing_since", ColumnType.Number);
    private static readonly Column s_nextTime = new("next_time", ColumnType.Number);
    private static readonly Column s_createTime = new("create_time", ColumnType.Number);
    private static readonly Column s_updateTime = new("update_time", ColumnType.Number);

    private static readonly Table s_webhooks = new("webhooks", s_id);

    private static readonly RowShape s_insert = s_webhooks.Insert(
        s_id, s_url, s_events, s_secret, s_allowPrivate, s_status, s_seen, s_nextTime, s_createTime, s_updateTime).Listed();

    // What an operator changes is what the operator has seen; what was changed beside it is read again. So is what came of
    // deliveries: failures that the last one has cleared would be back, and park it.
    private static readonly RowShape s_change = s_webhooks.Update()
        .Guard(s_url, s_events, s_secret, s_allowPrivate, s_status, s_failures, s_failingSince).Set(
            s_url, s_events, s_secret, s_allowPrivate, s_status, s_failures, s_lastError, s_failingSince, s_nextTime,
            s_updateTime);

    // Whoever delivers beside it, or has been told to stop, to go elsewhere or to begin anew, finds another place, status,
    // address or count of failures.
    private static readonly RowShape s_deliver = s_webhooks.Update().Guard(
        s_url, s_secret, s_status, s_seen, s_failures, s_failingSince).Set(
        s_status, s_seen, s_failures, s_lastError, s_failingSince, s_nextTime, s_updateTime);

    private static readonly RowShape s_delete = s_webhooks.Delete();

    private const string Columns =
        "select id, url, events, secret, allow_private, status, seen, failures, last_error, failing_since, position "
        + "from webhooks ";

    /// <summary>
    /// Those that are due are due at any time; that they are behind the last event is what there is to be done. 8191 is behind
    /// all events of a position, see <see cref="OutboxLog"/>.
    /// </summary>
    public static DueColumn Due { get; } = new(
        "webhook", s_webhooks, s_nextTime,
        "status = 'active' and seen < (select max(o.position) * 8192 + 8191 from outbox o)");

    public static readonly Query<WebhookRow> ById = new(Columns + "where id = @p1", Read);

    public static readonly Query<WebhookRow> Page = new(
        Columns + """
        where position >= @p1 and (position > @p1 or id > @p2) and position <= @p3
        order by position, id limit @p4
        """,
        Read);

    /// <summary>Of the next 10,000 events behind position @p1 those of one of seven types.</summary>
    public static readonly Query<long> Lag = new(
        """
        select count(*) from (select type from outbox where position > @p1 order by position limit 10000) o
        where type in (@p2, @p3, @p4, @p5, @p6, @p7, @p8)
        """,
        row => row.GetInt64(0));

    /// <summary>The place that the last of all webhooks has reached; none when there are none.</summary>
    public static readonly Query<long> LeastSeen = new("select seen from webhooks order by seen limit 1", row => row.GetInt64(0));

    public static RowChange Insert(WebhookRow hook, DateTimeOffset now) => s_insert.With(
        hook.Id, hook.Url, hook.EventsText, hook.Secret, hook.AllowPrivate ? 1 : 0, hook.Status, hook.Seen, now, now, now);

    public static RowChange Change(WebhookRow from, WebhookRow hook, DateTimeOffset now) => s_change.With(
        hook.Id, from.Url, from.EventsText, from.Secret, from.AllowPrivate ? 1 : 0, from.Status, from.Failures, from.FailingSince,
        hook.Url, hook.EventsText, hook.Secret, hook.AllowPrivate ? 1 : 0, hook.Status, hook.Failures, hook.LastError,
        hook.FailingSince, now, now);

    /// <summary>From one state of the delivery to the next.</summary>
    public static RowChange Deliver(WebhookRow from, WebhookRow to, DateTimeOffset next, DateTimeOffset now) => s_deliver.With(
        from.Id, from.Url, from.Secret, from.Status, from.Seen, from.Failures, from.FailingSince,
        to.Status, to.Seen, to.Failures, to.LastError, to.FailingSince, next, now);

    public static RowChange Delete(long id) => s_delete.With(id);

    private static WebhookRow Read(DbDataReader row) => new(
        row.GetInt64(0), row.GetString(1), [.. row.GetString(2).Split(',')], row.GetString(3), row.GetInt64(4) != 0,
        row.GetString(5), row.GetInt64(6), row.GetInt64(7), row.TextOrNull(8), row.TimeOrNull(9),
        row.GetInt64(10));
}

/// <summary>A row of <c>webhooks</c>.</summary>
/// <param name="Seen">The public id of the last event that needs no delivery any more.</param>
internal sealed record WebhookRow(
    long Id, string Url, ImmutableArray<string> Events, string Secret, bool AllowPrivate, string Status, long Seen,
    long Failures = 0, string? LastError = null, DateTimeOffset? FailingSince = null, long Position = 0)
{
    public string EventsText => string.Join(',', Events);

    public WebhookView View(long lag) => new(Id, Url, Events, AllowPrivate, Status, Failures, LastError, lag);
}

internal static class WebhookLag
{
    /// <summary>What of the next 10,000 events waits for its delivery to a webhook.</summary>
    public static Task<long> LagOfAsync(this GrainLedger ledger, WebhookRow hook)
    {
        // The query names as many types as there are: what is missing is the first once more.
        var types = EventTypes.All.Select((_, i) => (Value)hook.Events[i < hook.Events.Length ? i : 0]);
        return ledger.FindAsync(WebhookRows.Lag, [OutboxLog.PositionOf(hook.Seen), .. types]);
    }
}
