namespace Mall.Events;

/// <summary>The table <c>outbox</c>: shapes of its changes, and queries.</summary>
internal static class OutboxRows
{
    private static readonly Column s_id = new("id", ColumnType.Number);
    private static readonly Column s_type = new("type", ColumnType.Text);
    private static readonly Column s_subject = new("subject", ColumnType.Text);
    private static readonly Column s_data = new("data", ColumnType.Text);
    private static readonly Column s_createTime = new("create_time", ColumnType.Number);

    private static readonly Table s_outbox = new("outbox", s_id);

    private static readonly RowShape s_insert = s_outbox.Insert(s_id, s_type, s_subject, s_data, s_createTime).Listed();

    public static RowChange Insert(long id, string type, string subject, string data, DateTimeOffset now) =>
        s_insert.With(id, type, subject, data, now);
}
