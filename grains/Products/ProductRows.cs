namespace Mall.Products;

/// <summary>The table <c>products</c>: shapes of its changes, and queries.</summary>
internal static class ProductRows
{
    private static readonly Column s_id = new("id", ColumnType.Number);
    private static readonly Column s_shopId = new("shop_id", ColumnType.Number);
    private static readonly Column s_name = new("name", ColumnType.Text);
    private static readonly Column s_description = new("description", ColumnType.Text, "");
    private static readonly Column s_price = new("price", ColumnType.Number);
    private static readonly Column s_stock = new("stock", ColumnType.Number);
    private static readonly Column s_sold = new("sold", ColumnType.Number, 0);
    private static readonly Column s_attributes = new("attributes", ColumnType.Text, "{}");
    private static readonly Column s_searchName = new("search_name", ColumnType.Text);
    private static readonly Column s_sales = new("sales", ColumnType.Number);
    private static readonly Column s_stars = new("stars", ColumnType.Number);
    private static readonly Column s_reviews = new("reviews", ColumnType.Number);
    private static readonly Column s_status = new("status", ColumnType.Number, 0);
    private static readonly Column s_ownerEpoch = new("owner_epoch", ColumnType.Number, 0);
    private static readonly Column s_createTime = new("create_time", ColumnType.Number);
    private static readonly Column s_updateTime = new("update_time", ColumnType.Number);

    private static readonly Table s_products = new("products", s_id);

    private static readonly RowShape s_insert = s_products.Insert(
        s_id, s_shopId, s_name, s_description, s_price, s_stock, s_sold, s_status, s_ownerEpoch, s_createTime, s_updateTime,
        s_attributes, s_searchName).Listed();

    private static readonly RowShape s_takeEpoch = s_products.Update().Guard(s_ownerEpoch).Set(s_ownerEpoch);

    private static readonly RowShape s_describe =
        s_products.Update().Guard(s_ownerEpoch)
            .Set(s_name, s_description, s_price, s_status, s_updateTime, s_attributes, s_searchName);

    // Only adds and guards: all that a batch does to one product becomes one statement, however many buyers there are. The floor
    // is a second belt: the grain never asks for more than it has.
    private static readonly RowShape s_moveStock = s_products.Update().Guard(s_ownerEpoch).AddNotNegative(s_stock).Add(s_sold);

    // Columns that the owner never reads or sets, so neither needs its epoch: one adds, the other sets what it has counted on
    // from.
    private static readonly RowShape s_review = s_products.Update().Add(s_stars, s_reviews);
    private static readonly RowShape s_tell = s_products.Update().Guard(s_sales).Set(s_sales);

    public const string Columns = "id, shop_id, name, description, price, stock, sold, status, owner_epoch, attributes";

    public static readonly Query<Product> ById = new($"select {Columns} from products where id = @p1", Read);

    public static RowChange Insert(Product p, DateTimeOffset now) =>
        s_insert.With(p.Id, p.ShopId, p.Name, p.Desc, p.Price, p.Stock, 0, p.Status, p.Epoch, now, now, p.Attributes,
            SearchNames.Of(p.Name));

    public static RowChange TakeEpoch(long id, long from, long to) => s_takeEpoch.With(id, from, to);

    public static RowChange Describe(Product p, DateTimeOffset now) =>
        s_describe.With(p.Id, p.Epoch, p.Name, p.Desc, p.Price, p.Status, now, p.Attributes, SearchNames.Of(p.Name));

    public static RowChange MoveStock(long id, long epoch, long stock, long sold) => s_moveStock.With(id, epoch, stock, sold);

    /// <summary>One review more.</summary>
    public static RowChange Review(long id, long stars) => s_review.With(id, stars, 1);

    /// <summary>Says what has been sold where lists look for it.</summary>
    public static RowChange TellSales(long id, long told, long sold) => s_tell.With(id, told, sold);

    public static Product Read(DbDataReader row) => new(
        row.GetInt64(0), row.GetInt64(1), row.GetString(2), row.GetString(3),
        row.GetInt64(4), row.GetInt64(5), row.GetInt64(6), row.GetInt32(7), row.GetInt64(8), row.GetString(9));
}

/// <summary>A row of <c>products</c>, without what the grain does not need.</summary>
internal sealed record Product(
    long Id, long ShopId, string Name, string Desc, long Price, long Stock, long Sold, int Status, long Epoch,
    string Attributes)
{
    public const int OffSale = 0;
    public const int OnSale = 1;

    /// <summary>A product on its first day.</summary>
    public static Product Created(long id, long shopId, CreateProduct command) =>
        new(id, shopId, command.Name, command.Desc, command.Price, command.Stock, Sold: 0, OnSale, Epoch: 1, command.Attributes);

    public ProductView View => new(Id, ShopId, Name, Desc, Price, Stock, Status, Attributes);
}
