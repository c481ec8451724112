namespace Mall.Events;

/// <summary>The table <c>outbox</c>: shapes of its changes, and queries.</summary>
internal static class OutboxRows
{
    private static readonly Column s_id = new("id", ColumnType.Number);
    private static readonly Column s_type = new("type", ColumnType.Text, EventTypes.OrderPlaced);
    private static readonly Column s_subject = new("subject", ColumnType.Text);
    private static readonly Column s_data = new("data", ColumnType.Text);
    private static readonly Column s_createTime = new("create_time", ColumnType.Number);
    private static readonly Column s_traceParent = new("trace_parent", ColumnType.Text);

    private static readonly Table s_outbox = new("outbox", s_id);

    private static readonly RowShape s_insert = s_outbox.Insert(
        s_id, s_type, s_subject, s_data, s_createTime, s_traceParent).Listed();

    private static readonly RowShape s_delete = s_outbox.Delete();

    /// <summary>From position @p1 to position @p2, at most @p3; see <see cref="OutboxLog"/>.</summary>
    public static readonly Query<OutboxRow> Page = new(
        """
        select id, position, type, subject, data, create_time, trace_parent from outbox /*! force index (outbox_by_position) */
        where position >= @p1 and position <= @p2
        order by position, id limit @p3
        """,
        row => new OutboxRow(
            row.GetInt64(0), row.GetInt64(1), row.GetString(2), row.GetString(3), row.GetString(4), row.Time(5),
            row.TextOrNull(6)));

    /// <summary>The position of the last event; 0 while there is none.</summary>
    public static readonly Query<long> End = new("select coalesce(max(position), 0) from outbox", row => row.GetInt64(0));

    public static RowChange Delete(long id) => s_delete.With(id);

    public static RowChange Insert(long id, string type, string subject, string data, DateTimeOffset now) =>
        s_insert.With(id, type, subject, data, now, LaterTraces.Here);
}

/// <summary>A row of <c>outbox</c>.</summary>
/// <param name="TraceParent">See <see cref="LaterTraces"/>.</param>
internal sealed record OutboxRow(
    long Id, long Position, string Type, string Subject, string Data, DateTimeOffset Time, string? TraceParent);
