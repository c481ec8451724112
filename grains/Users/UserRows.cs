namespace Mall.Users;

/// <summary>The tables <c>users</c> and <c>points</c>: shapes of their changes, and queries.</summary>
internal static class UserRows
{
    private static readonly Column s_id = new("id", ColumnType.Number);
    private static readonly Column s_mobile = new("mobile", ColumnType.Text);
    private static readonly Column s_name = new("name", ColumnType.Text, "");
    private static readonly Column s_gender = new("gender", ColumnType.Text, "");
    private static readonly Column s_passwordHash = new("password_hash", ColumnType.Text);
    private static readonly Column s_role = new("role", ColumnType.Text);
    private static readonly Column s_createTime = new("create_time", ColumnType.Number);
    private static readonly Column s_updateTime = new("update_time", ColumnType.Number);
    private static readonly Column s_userId = new("user_id", ColumnType.Number);
    private static readonly Column s_balance = new("balance", ColumnType.Number);

    private static readonly Table s_users = new("users", s_id);
    private static readonly Table s_points = new("points", s_userId);

    private static readonly RowShape s_insert =
        s_users.Insert(s_id, s_mobile, s_name, s_gender, s_passwordHash, s_role, s_createTime, s_updateTime);

    private static readonly RowShape s_insertPoints = s_points.Insert(s_userId, s_balance);
    private static readonly RowShape s_empower = s_users.Update().Set(s_passwordHash, s_role, s_updateTime);
    private static readonly RowShape s_demand = s_users.Update().Guard(s_passwordHash).Set(s_passwordHash);
    private static readonly RowShape s_delete = s_users.Delete();
    private static readonly RowShape s_deletePoints = s_points.Delete();

    public static readonly Query<UserView> ById = new(
        """
        select u.id, u.name, u.gender, u.mobile,
               case when u.role = 'user' and exists (select 1 from shops s where s.owner_id = u.id) then 'seller' else u.role end,
               p.balance
        from users u join points p on p.user_id = u.id
        where u.id = @p1
        """,
        row => new UserView(
            row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetInt64(5)));

    /// <summary>Whoever has a shop is a seller; the column only tells operators apart.</summary>
    public static readonly Query<Account> ByMobile = new(
        """
        select u.id, u.password_hash,
               case when u.role = 'user' and exists (select 1 from shops s where s.owner_id = u.id) then 'seller' else u.role end
        from users u
        where u.mobile = @p1
        """,
        row => new Account(row.GetInt64(0), row.GetString(1), row.GetString(2)));

    public static readonly Query<string> PasswordHashOf = new(
        "select password_hash from users where id = @p1", row => row.GetString(0));

    /// <summary>The user and an empty balance, so that points only ever add.</summary>
    public static RowChange[] Insert(long id, NewUser user, DateTimeOffset now) =>
    [
        s_insert.With(id, user.Mobile, user.Name, user.Gender, user.PasswordHash, user.Role, now, now),
        s_insertPoints.With(id, 0),
    ];

    public static RowChange Empower(long id, NewUser user, DateTimeOffset now) =>
        s_empower.With(id, user.PasswordHash, user.Role, now);

    /// <summary>Changes nothing, and is a conflict when the password has been changed.</summary>
    public static RowChange Demand(long id, string passwordHash) => s_demand.With(id, passwordHash, passwordHash);

    public static RowChange[] Delete(long id) => [s_delete.With(id), s_deletePoints.With(id)];
}
