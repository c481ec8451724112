namespace Mall.Shops;

/// <summary>The table <c>shops</c>: shapes of its changes, and queries.</summary>
internal static class ShopRows
{
    private static readonly Column s_id = new("id", ColumnType.Number);
    private static readonly Column s_ownerId = new("owner_id", ColumnType.Number);
    private static readonly Column s_name = new("name", ColumnType.Text);
    private static readonly Column s_sales = new("sales", ColumnType.Number, 0);
    private static readonly Column s_createTime = new("create_time", ColumnType.Number);
    private static readonly Column s_updateTime = new("update_time", ColumnType.Number);

    private static readonly Column s_stars = new("stars", ColumnType.Number);
    private static readonly Column s_reviews = new("reviews", ColumnType.Number);

    private static readonly Table s_shops = new("shops", s_id);
    private static readonly RowShape s_insert =
        s_shops.Insert(s_id, s_ownerId, s_name, s_sales, s_createTime, s_updateTime).Listed();
    private static readonly RowShape s_review = s_shops.Update().Add(s_stars, s_reviews);
    private static readonly RowShape s_sell = s_shops.Update().Add(s_sales);

    private const string Select = "select id, owner_id, name, rating, sales from shops ";

    public static readonly Query<ShopView> ById = new(Select + "where id = @p1", Read);

    public static readonly Query<ShopView> OfOwner = new(Select + "where owner_id = @p1 order by id", Read);

    private static readonly Dictionary<ShopOrder, Query<Listed<ShopView>>> s_pages = new()
    {
        [ShopOrder.Opened] = PageBy("position", "shops_by_place", isDown: false),
        [ShopOrder.Rating] = PageBy("rating", "shops_by_rating", isDown: true),
        [ShopOrder.Sales] = PageBy("sales", "shops_by_sales", isDown: true),
    };

    /// <summary>Behind value @p1 and id @p2, at most @p3; as far as position @p4, whatever the order.</summary>
    public static Query<Listed<ShopView>> Page(ShopOrder order) => s_pages[order];

    public static RowChange Insert(ShopView shop, DateTimeOffset now) =>
        s_insert.With(shop.Id, shop.OwnerId, shop.Name, shop.Sales, now, now);

    /// <summary>One review more of a product of the shop; its rating follows by itself.</summary>
    public static RowChange Review(long id, long stars) => s_review.With(id, stars, 1);

    public static RowChange Sell(long id, long pieces) => s_sell.With(id, pieces);

    private static Query<Listed<ShopView>> PageBy(string column, string index, bool isDown) => new(
        KeysetSql.Page(
            $"select id, owner_id, name, rating, sales, {column} from shops", "position <= @p4 and ", index, column, isDown),
        static row =>
        {
            var shop = Read(row);
            return new(shop, new ListPlace(row.GetInt64(5), shop.Id));
        });

    private static ShopView Read(DbDataReader row) =>
        new(row.GetInt64(0), row.GetInt64(1), row.GetString(2), row.GetInt64(3), row.GetInt64(4));
}
