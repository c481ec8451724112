using System.Text.Json;

namespace Mall.Transactions;

/// <summary>A subscriber as it stands in <c>key_values.value</c>: as DTM's admin pages read it.</summary>
internal sealed record SubscriberRow(string Url, string Remark);

/// <summary>The table <c>key_values</c>, and topics in it.</summary>
internal static class Topics
{
    public const string Prefix = "topic://";
    public const string Category = "topics";

    private static readonly Column s_category = new("category", ColumnType.Text);
    private static readonly Column s_name = new("name", ColumnType.Text);
    private static readonly Column s_value = new("value", ColumnType.Text);
    private static readonly Column s_version = new("version", ColumnType.Number);
    private static readonly Column s_createTime = new("create_time", ColumnType.Number);
    private static readonly Column s_updateTime = new("update_time", ColumnType.Number);
    private static readonly Table s_table = new("key_values", s_category, s_name);
    private static readonly RowShape s_insert =
        s_table.Insert(s_category, s_name, s_value, s_version, s_createTime, s_updateTime).Listed();
    private static readonly RowShape s_update = s_table.Update().Guard(s_version).Set(s_value, s_version, s_updateTime);
    private static readonly RowShape s_delete = s_table.Delete().Guard(s_version);

    private const string Select = "select category, name, value, version, create_time, update_time, position from key_values ";

    public static readonly Query<KeyValueRow> ByName = new(Select + "where category = @p1 and name = @p2", Read);

    public static readonly Query<KeyValueRow> All = new(Select + "where category = @p1 order by name limit 1000", Read);

    /// <summary>The newest of category @p1 before position @p2 and name @p3, none behind position @p4: at most @p5.</summary>
    public static readonly Query<KeyValueRow> Page = new(
        Select + """
        where category = @p1 and (position < @p2 or (position = @p2 and name < @p3)) and position <= @p4
        order by position desc, name desc limit @p5
        """,
        Read);

    public static async Task<List<SubscriberRow>> SubscribersAsync(GrainLedger ledger, string topic) =>
        await ledger.FindAsync(ByName, Category, topic) is { } row ? SubscribersOf(row.View.Value) : [];

    public static List<SubscriberRow> SubscribersOf(string value) =>
        JsonSerializer.Deserialize(value, TransactionJson.Default.ListSubscriberRow) ?? [];

    /// <summary>What makes the topic have these subscribers.</summary>
    /// <param name="before">Its row; null when there is none yet.</param>
    public static RowChange Change(string topic, KeyValueRow? before, List<SubscriberRow> subscribers, DateTimeOffset now)
    {
        var value = JsonSerializer.Serialize(subscribers, TransactionJson.Default.ListSubscriberRow);
        return before is null
            ? s_insert.With(Category, topic, value, 1, now, now)
            : s_update.With(Category, topic, before.View.Version, value, before.View.Version + 1, now);
    }

    public static RowChange Remove(KeyValueRow row) => s_delete.With(Category, row.View.Name, row.View.Version);

    private static KeyValueRow Read(DbDataReader row) => new(
        new KeyValueView(
            row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt64(3), row.Time(4), row.Time(5)),
        row.GetInt64(6));
}

/// <summary>A row of <c>key_values</c>.</summary>
internal sealed record KeyValueRow(KeyValueView View, long Position);
