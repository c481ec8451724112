namespace Mall.Bench.Orders.Dtm;

/// <summary>The statements of the baseline. Tables have the columns and indexes that an order, and resuming one, need.</summary>
/// <param name="Schema">Makes the tables.</param>
/// <param name="Barrier">Inserts a barrier row unless it is there.</param>
/// <param name="Prepares">
/// Whether statements are prepared. MariaDB's protocol runs one prepared statement at a time, and a round trip costs more than
/// reading a statement's text.
/// </param>
sealed record DtmSql(string Schema, string Barrier, bool Prepares)
{
    const string BarrierRow =
        """
        into barrier (trans_type, gid, branch_id, op, barrier_id, reason, create_time)
        values ('saga', @gid, @branch, 'action', '01', 'action', @now)
        """;

    static readonly string[] s_ops = ["action", "compensate"];

    public static DtmSql Postgres { get; } = new(
        SchemaOf(
            key: "text collate \"C\"", word: "text", identity: "generated always as identity",
            open: " where next_cron_time is not null", fill => $" with (fillfactor = {fill})"),
        $"insert {BarrierRow} on conflict do nothing",
        Prepares: true);

    public static DtmSql MariaDb { get; } = new(
        SchemaOf(
            key: "varchar(128)", word: "varchar(255)", identity: "not null auto_increment", open: "",
            _ => " engine = innodb character set utf8mb4 collate utf8mb4_bin"),
        $"insert ignore {BarrierRow}",
        Prepares: false);

    /// <summary>The global transaction, and of each branch its action and its compensation.</summary>
    public static string[] Submit(int items) =>
    [
        """
        insert into trans_global (gid, trans_type, status, payload, next_cron_time, create_time, update_time)
        values (@gid, 'saga', 'submitted', @whole, @now + 10000, @now, @now)
        """,
        $"""
        insert into trans_branch_op (gid, branch_id, op, target, payload, status, create_time, update_time)
        values {string.Join(", ", Enumerable.Range(0, items + 1).SelectMany(BranchRows))}
        """,
    ];

    /// <summary>One product's.</summary>
    public const string Stock =
        "update products set stock = stock - 1, sold = sold + 1, update_time = @now where id = @product";

    /// <summary>The outcome, and the branches' statuses with it.</summary>
    public static string[] Succeed { get; } =
    [
        "update trans_branch_op set status = 'succeed', update_time = @now where gid = @gid and op = 'action'",
        """
        update trans_global set status = 'succeed', next_cron_time = null, finish_time = @now, update_time = @now
        where gid = @gid and status = 'submitted'
        """,
    ];

    /// <summary>The order and its items: one statement where the server can hand the new id on.</summary>
    public string[] Order(int items)
    {
        var order = FormattableString.Invariant(
            $"""
            insert into orders (gid, user_id, amount, status, create_time, update_time)
            values (@gid, @user, {items * Stage.Price}, 0, @now, @now)
            """);
        return Prepares
            ? [$"with o as ({order} returning id) {ItemRows("(select id from o)")}"]
            : [order, ItemRows("last_insert_id()")];

        string ItemRows(string id) =>
            "insert into order_items (order_id, product_id, name, quantity, price) values "
            + string.Join(", ", Enumerable.Range(0, items).Select(i => $"({id}, @product{i}, 'Load', 1, {Stage.Price})"));
    }

    /// <summary>Of the order (0) or of an item.</summary>
    static IEnumerable<string> BranchRows(int place)
    {
        var target = place == 0 ? "'order', @whole" : $"'product', @payload{place - 1}";
        return s_ops.Select(op => $"(@gid, '{place + 1:00}', '{op}', {target}, 'prepared', @now, @now)");
    }

    static string SchemaOf(string key, string word, string identity, string open, Func<int, string> table) =>
        $"""
        create table trans_global (
          gid {key} not null primary key, trans_type {word} not null, status {word} not null, payload text not null,
          next_cron_time bigint, create_time bigint not null, update_time bigint not null, finish_time bigint
        ){table(70)};
        create index trans_global_by_next_cron_time on trans_global (next_cron_time){open};
        create table trans_branch_op (
          gid {key} not null, branch_id {key} not null, op {key} not null, target {word} not null,
          payload text not null, status {word} not null, create_time bigint not null, update_time bigint not null,
          primary key (gid, branch_id, op)
        ){table(70)};
        create table barrier (
          trans_type {word} not null, gid {key} not null, branch_id {key} not null, op {key} not null,
          barrier_id {key} not null, reason {word} not null, create_time bigint not null,
          primary key (gid, branch_id, op, barrier_id)
        ){table(100)};
        create table products (
          id bigint not null primary key, name {word} not null, price bigint not null, stock bigint not null check (stock >= 0),
          sold bigint not null default 0, update_time bigint not null default 0
        ){table(50)};
        create table orders (
          id bigint {identity} primary key, gid {key} not null unique, user_id bigint not null,
          amount bigint not null, status bigint not null, create_time bigint not null, update_time bigint not null
        ){table(100)};
        create index orders_by_user on orders (user_id, id);
        create table order_items (
          order_id bigint not null, product_id bigint not null, name {word} not null, quantity bigint not null,
          price bigint not null, primary key (order_id, product_id)
        ){table(100)};
        """;
}
