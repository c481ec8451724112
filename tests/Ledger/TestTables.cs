namespace Mall.Ledger.Tests;

/// <summary>Tables of the real schema, as the tests write to them.</summary>
internal static class TestTables
{
    public static readonly Column Id = new("id", ColumnType.Number);
    public static readonly Column Mobile = new("mobile", ColumnType.Text);
    public static readonly Column Name = new("name", ColumnType.Text);
    public static readonly Column PasswordHash = new("password_hash", ColumnType.Text);
    public static readonly Column Role = new("role", ColumnType.Text);
    public static readonly Column CreateTime = new("create_time", ColumnType.Number);
    public static readonly Column UpdateTime = new("update_time", ColumnType.Number);
    public static readonly Column ShopId = new("shop_id", ColumnType.Number);
    public static readonly Column Price = new("price", ColumnType.Number);
    public static readonly Column Stock = new("stock", ColumnType.Number);
    public static readonly Column Sold = new("sold", ColumnType.Number);
    public static readonly Column OwnerEpoch = new("owner_epoch", ColumnType.Number);
    public static readonly Column Gid = new("gid", ColumnType.Text);
    public static readonly Column UserId = new("user_id", ColumnType.Number);
    public static readonly Column Amount = new("amount", ColumnType.Number);
    public static readonly Column Status = new("status", ColumnType.Number);
    public static readonly Column CloseTime = new("close_time", ColumnType.Number);
    public static readonly Column PaidTime = new("paid_time", ColumnType.Number);
    public static readonly Column SettingName = new("name", ColumnType.Text);
    public static readonly Column SettingValue = new("value", ColumnType.Text);

    public static readonly Table Users = new("users", Id);
    public static readonly Table Products = new("products", Id);
    public static readonly Table Orders = new("orders", Id);
    public static readonly Table Settings = new("settings", SettingName);

    public static readonly RowShape InsertUser = Users.Insert(Id, Mobile, PasswordHash, Role, CreateTime, UpdateTime);
    public static readonly RowShape InsertProduct =
        Products.Insert(Id, ShopId, Name, Price, Stock, OwnerEpoch, CreateTime, UpdateTime);
    public static readonly RowShape AddStock = Products.Update().Guard(OwnerEpoch).AddNotNegative(Stock).Add(Sold);
    public static readonly RowShape SetPrice = Products.Update().Guard(OwnerEpoch).Set(Price);
    public static readonly RowShape InsertOrder =
        Orders.Insert(Id, Gid, UserId, Amount, Status, CreateTime, UpdateTime, CloseTime);
    public static readonly RowShape PayOrder = Orders.Update().Guard(Status, PaidTime).Set(Status, PaidTime, CloseTime);
    public static readonly RowShape InsertSetting = Settings.Insert(SettingName, SettingValue);
    public static readonly RowShape SetSetting = Settings.Update().Set(SettingValue);
    public static readonly RowShape DeleteSetting = Settings.Delete().Guard(SettingValue);

    public static RowChange Product(long id, long stock, long epoch = 1) =>
        InsertProduct.With(id, 1, $"Product {id}", 100, stock, epoch, 0, 0);

    /// <summary>Takes stock (or gives it back, when negative) under an owner's epoch.</summary>
    public static RowChange Take(long product, long quantity, long epoch = 1) =>
        AddStock.With(product, epoch, -quantity, quantity);

    public static RowChange User(long id, string mobile) => InsertUser.With(id, mobile, "hash", "user", 0, 0);

    public static RowChange Order(long id, string gid, DateTimeOffset? closes = null) =>
        InsertOrder.With(id, gid, 1, 100, 0, 0, 0, closes);

    public static RowChange Setting(string name, string? value) => InsertSetting.With(name, value);

    public static BarrierKey Action(string gid, string branch = "01", string barrierId = "01") =>
        new(gid, branch, BarrierOps.Action, barrierId);

    public static BarrierKey Compensate(string gid, string branch = "01", string barrierId = "01") =>
        new(gid, branch, BarrierOps.Compensate, barrierId);

    public static readonly Query<(long Stock, long Sold)> ProductRow =
        new("select stock, sold from products where id = @p1", row => (row.GetInt64(0), row.GetInt64(1)));

    public static readonly Query<string> BarrierRows = new(
        "select branch_id, op, barrier_id, reason from barrier where gid = @p1 order by branch_id, op, barrier_id",
        row => $"{row.GetString(0)} {row.GetString(1)} {row.GetString(2)} {row.GetString(3)}");

    public static readonly Query<string?> SettingOf =
        new("select value from settings where name = @p1", row => row.IsDBNull(0) ? null : row.GetString(0));

    /// <summary>A query for one number, for counts and sums; make constants of it only in tests.</summary>
    public static Query<long> Number(string sql) => new(sql, row => row.GetInt64(0));
}
