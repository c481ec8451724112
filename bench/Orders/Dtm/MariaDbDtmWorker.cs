using System.Data.Common;
using System.Globalization;
using MySqlConnector;

namespace Mall.Bench.Orders.Dtm;

/// <summary>
/// On MariaDB. The protocol prepares one statement at a time, and a round trip costs more than reading a statement's
/// text; so texts go to the server together: six round trips and four commits for an order of one item. Nothing in
/// them is anybody's input.
/// </summary>
sealed class MariaDbDtmWorker : DtmWorker
{
    /// <summary>The tables. Only what an order needs, with the indexes that finding and resuming need.</summary>
    public const string Schema =
        """
        create table trans_global (
          gid varchar(128) not null primary key, trans_type varchar(16) not null, status varchar(16) not null,
          payload text not null, next_cron_time bigint, create_time bigint not null, update_time bigint not null,
          finish_time bigint,
          key by_next_cron_time (next_cron_time)
        ) engine = innodb character set utf8mb4 collate utf8mb4_bin;
        create table trans_branch_op (
          gid varchar(128) not null, branch_id varchar(32) not null, op varchar(16) not null, target varchar(128) not null,
          payload text not null, status varchar(16) not null, create_time bigint not null, update_time bigint not null,
          primary key (gid, branch_id, op)
        ) engine = innodb character set utf8mb4 collate utf8mb4_bin;
        create table barrier (
          trans_type varchar(16) not null, gid varchar(128) not null, branch_id varchar(32) not null, op varchar(16) not null,
          barrier_id varchar(32) not null, reason varchar(16) not null, create_time bigint not null,
          primary key (gid, branch_id, op, barrier_id)
        ) engine = innodb character set utf8mb4 collate utf8mb4_bin;
        create table products (
          id bigint not null primary key, name varchar(255) not null, price bigint not null,
          stock bigint not null check (stock >= 0), sold bigint not null default 0, update_time bigint not null default 0
        ) engine = innodb character set utf8mb4 collate utf8mb4_bin;
        create table orders (
          id bigint not null auto_increment primary key, gid varchar(128) not null, user_id bigint not null,
          amount bigint not null, status bigint not null, create_time bigint not null, update_time bigint not null,
          unique key by_gid (gid), key by_user (user_id, id)
        ) engine = innodb character set utf8mb4 collate utf8mb4_bin;
        create table order_items (
          order_id bigint not null, product_id bigint not null, name varchar(255) not null, quantity bigint not null,
          price bigint not null, primary key (order_id, product_id)
        ) engine = innodb character set utf8mb4 collate utf8mb4_bin;
        """;

    static readonly string[] s_ops = ["action", "compensate"];

    readonly RoundTrips _trips;
    readonly DbConnection _connection;
    readonly DbCommand _command;

    /// <param name="connectionString">Of the database that has the tables.</param>
    /// <param name="trips">How statements are sent.</param>
    public MariaDbDtmWorker(string connectionString, RoundTrips trips)
    {
        _trips = trips;
        _connection = new MySqlConnection(connectionString);
        _connection.Open();
        _command = _connection.CreateCommand();
    }

    public override bool Blocks => false;

    public override void Dispose()
    {
        _command.Dispose();
        _connection.Dispose();
    }

    protected override async ValueTask SubmitAsync(string gid, IReadOnlyList<long> products)
    {
        var (now, payloads) = (Now(), products.Select(PayloadOf).ToArray());
        var whole = $"[{string.Join(',', payloads)}]";
        var rows = payloads.Prepend(whole).Select((payload, place) => BranchRows(gid, place, payload, now));
        await RunAsync(
            $"""
            start transaction;
            insert into trans_global (gid, trans_type, status, payload, next_cron_time, create_time, update_time)
            values ('{gid}', 'saga', 'submitted', '{whole}', {now + 10000}, {now}, {now});
            insert into trans_branch_op (gid, branch_id, op, target, payload, status, create_time, update_time)
            values {string.Join(", ", rows)};
            commit
            """);
    }

    protected override async ValueTask CreateOrderAsync(string gid, long userId, IReadOnlyList<long> products)
    {
        var now = Now();
        if (!await EnterAsync(gid, "01", now))
            return;
        await RunAsync(
            $"""
            insert into orders (gid, user_id, amount, status, create_time, update_time)
            values ('{gid}', {userId}, {products.Count * Price}, 0, {now}, {now});
            insert into order_items (order_id, product_id, name, quantity, price)
            values {string.Join(", ", products.Select(id => $"(last_insert_id(), {id}, 'Load', 1, {Price})"))};
            commit
            """);
    }

    protected override async ValueTask TakeStockAsync(string gid, string branch, long product)
    {
        var now = Now();
        if (await EnterAsync(gid, branch, now))
            await RunAsync(
                $"update products set stock = stock - 1, sold = sold + 1, update_time = {now} where id = {product}; commit");
    }

    protected override async ValueTask SucceedAsync(string gid)
    {
        var now = Now();
        await RunAsync(
            $"""
            start transaction;
            update trans_branch_op set status = 'succeed', update_time = {now} where gid = '{gid}' and op = 'action';
            update trans_global set status = 'succeed', next_cron_time = null, finish_time = {now}, update_time = {now}
            where gid = '{gid}' and status = 'submitted';
            commit
            """);
    }

    protected override async ValueTask RollbackAsync() => await RunAsync($"rollback");

    /// <summary>Begins a transaction with the barrier row; false when that was there, and the transaction has ended.</summary>
    async ValueTask<bool> EnterAsync(string gid, string branch, long now)
    {
        // Not "insert ignore", whose warning the driver stumbles over. A row that was there is left as it is.
        var changed = await RunAsync(
            $"""
            start transaction;
            insert into barrier (trans_type, gid, branch_id, op, barrier_id, reason, create_time)
            values ('saga', '{gid}', '{branch}', 'action', '01', 'action', {now}) on duplicate key update gid = gid
            """);
        if (changed == 0)
            await RollbackAsync();
        return changed != 0;
    }

    /// <summary>Action and compensation of the order (0) or of an item.</summary>
    static string BranchRows(string gid, int place, string payload, long now) => string.Join(
        ", ",
        s_ops.Select(op => string.Create(
            CultureInfo.InvariantCulture,
            $"('{gid}', '{place + 1:00}', '{op}', '{TargetOf(place)}', '{payload}', 'prepared', {now}, {now})")));

    /// <returns>How many rows the statements have changed.</returns>
    async ValueTask<int> RunAsync(FormattableString sql)
    {
        var text = FormattableString.Invariant(sql);
        var changed = 0;
        foreach (var statement in _trips == RoundTrips.Batched ? [text] : text.Split(';')) // There is none in any value.
        {
#pragma warning disable CA2100 // Gids, numbers and constants of this program.
            _command.CommandText = statement;
#pragma warning restore CA2100
            changed += await _command.ExecuteNonQueryAsync();
        }

        return changed;
    }
}
