namespace Mall.Shops;

/// <summary>The table <c>shops</c>: shapes of its changes, and queries.</summary>
internal static class ShopRows
{
    private static readonly Column s_id = new("id", ColumnType.Number);
    private static readonly Column s_ownerId = new("owner_id", ColumnType.Number);
    private static readonly Column s_name = new("name", ColumnType.Text);
    private static readonly Column s_rating = new("rating", ColumnType.Number);
    private static readonly Column s_sales = new("sales", ColumnType.Number);
    private static readonly Column s_createTime = new("create_time", ColumnType.Number);
    private static readonly Column s_updateTime = new("update_time", ColumnType.Number);

    private static readonly RowShape s_insert =
        new Table("shops", s_id).Insert(s_id, s_ownerId, s_name, s_rating, s_sales, s_createTime, s_updateTime).Listed();

    private const string Select = "select id, owner_id, name, rating, sales from shops ";

    public static readonly Query<ShopView> ById = new(Select + "where id = @p1", Read);

    public static readonly Query<ShopView> OfOwner = new(Select + "where owner_id = @p1 order by id", Read);

    public static RowChange Insert(ShopView shop, DateTimeOffset now) =>
        s_insert.With(shop.Id, shop.OwnerId, shop.Name, shop.Rating, shop.Sales, now, now);

    private static ShopView Read(DbDataReader row) =>
        new(row.GetInt64(0), row.GetInt64(1), row.GetString(2), row.GetInt64(3), row.GetInt64(4));
}
