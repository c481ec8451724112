using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Mall.Tests.Installations;

/// <summary>
/// An auditor's look into the database, with statements of its own that any of them understands: nothing that the mall says about
/// itself is believed.
/// </summary>
public sealed class Books : IDisposable
{
    /// <summary>What must not be there: a sentence, and a query for what contradicts it.</summary>
    private static readonly (string Finding, string Sql)[] s_findings =
    [
        ("the stock is negative", "select id from products where stock < 0"),
        ("the saga has not ended",
            "select gid from sagas where status not in ('succeed', 'failed') or finish_time is null or next_time is not null"),
        ("the order and its saga do not agree",
            """
            select o.gid from orders o left join sagas s on s.gid = o.gid
            where s.status is null
              or (s.status = 'succeed') <> (o.status in (0, 1, 2, 3)) or (s.status = 'failed') <> (o.status = 9)
            """),
        ("the saga succeeded and there is no order",
            """
            select gid from sagas s where kind = 'order' and status = 'succeed'
              and not exists (select 1 from orders o where o.gid = s.gid)
            """),
        ("the amount is not the sum of the items",
            "select id from orders o where amount <> (select sum(quantity * price) from order_items i where i.order_id = o.id)"),
        ("the barrier row is there twice",
            "select gid, branch_id from barrier group by gid, branch_id, op, barrier_id having count(*) > 1"),
        ("the barrier row has no saga",
            "select gid from barrier b where trans_type = 'saga' and not exists (select 1 from sagas s where s.gid = b.gid)"),
        ("the order succeeded with other barrier rows than one action of the order and one of each product",
            """
            select s.gid from sagas s where s.kind = 'order' and s.status = 'succeed' and not (
              select count(*) = count(distinct branch_id) and count(case when branch_id = '01' then 1 end) = 1
                and count(case when op = 'action' and reason = 'action' then 1 end) = count(*)
                and count(*) = 1 + (select count(*) from order_items i join orders o on o.id = i.order_id where o.gid = s.gid)
              from barrier b where b.gid = s.gid)
            """),
        ("the branch of a failed saga has other barrier rows than its action's or marker, and its compensation's",
            """
            select b.gid, b.branch_id from barrier b join sagas s on s.gid = b.gid where s.status = 'failed'
            group by b.gid, b.branch_id having not (
              count(*) = 2 and count(case when b.op = 'action' and b.reason in ('action', 'compensate') then 1 end) = 1
              and count(case when b.op = 'compensate' and b.reason = 'compensate' then 1 end) = 1)
            """),
        ("the order saga failed, and its order's branch has not been undone",
            """
            select gid from sagas s where kind = 'order' and status = 'failed'
              and not exists (select 1 from barrier b where b.gid = s.gid and b.branch_id = '01' and b.op = 'compensate')
            """),
        ("the order was closed with other barrier rows than one action of its own and one of each product",
            """
            select s.gid from orders o join sagas s on s.gid = concat('close-', o.id) where not (
              select count(*) = count(distinct b.branch_id) and count(case when b.op = 'action' then 1 end) = count(*)
                and count(*) = 1 + (select count(*) from order_items i where i.order_id = o.id)
              from barrier b where b.gid = s.gid)
            """),
        ("the user has not been welcomed exactly once",
            "select id from users where id not in (select user_id from points where balance = 10)"),
    ];

    private static readonly (string Finding, string Sql) s_damage =
        ("the file is damaged", "select integrity_check from pragma_integrity_check where integrity_check <> 'ok'");

    private readonly DbConnection _connection;

    private Books(DbConnection connection) => _connection = connection;

    /// <summary>Opens the file for reading; a silo may be at work on it.</summary>
    public static Books Open(Installation installation) =>
        Open(new SqliteConnection($"Data Source={installation.File};Mode=ReadOnly;Pooling=False"));

    /// <summary>Opens a server's database, by the address that the mall takes.</summary>
    public static Books Open(string database) => Open(Connections.To(database));

    /// <summary>Opens a database for reading; silos may be at work on it.</summary>
    public static Books Open(DbConnection connection)
    {
        connection.Open();
        return new Books(connection);
    }

    /// <summary>Sagas that have not ended, a line each: gid, status, attempts, when they are looked at next, why.</summary>
    public IReadOnlyList<string> UnendedSagas() =>
        Rows("select gid, status, attempts, next_time, reason from sagas where status not in ('succeed', 'failed')", Line);

    /// <summary>The orders of a status.</summary>
    public long Orders(int status) => Orders($"status = {status}");

    /// <summary>The orders of which SQL says so.</summary>
    public long Orders(string condition) => Rows($"select count(*) from orders where {condition}", r => Number(r, 0)).Single();

    /// <summary>The events of a type, and those that they are about.</summary>
    public (long Events, long Subjects) Events(string type) => Rows(
        $"select count(*), count(distinct subject) from outbox where type = '{type}'",
        r => (Number(r, 0), Number(r, 1))).Single();

    /// <summary>What is left of a product.</summary>
    public long Stock(long productId) => Number($"select stock from products where id = {productId}");

    /// <summary>Everything that is wrong, a line each.</summary>
    /// <param name="supplied">Of each product, all that ever came in.</param>
    public IEnumerable<string> Discrepancies(IReadOnlyDictionary<long, long> supplied)
    {
        foreach (var (finding, sql) in _connection is SqliteConnection ? s_findings.Append(s_damage) : s_findings)
        {
            foreach (var row in Rows(sql, Line))
                yield return $"{row}: {finding}";
        }

        var balances = Rows(
            """
            select p.id, p.stock, coalesce((
              select sum(i.quantity) from order_items i join orders o on o.id = i.order_id
              where i.product_id = p.id and o.status not in (9, 2, 3)), 0)
            from products p
            """,
            r => (Id: Number(r, 0), Stock: Number(r, 1), Held: Number(r, 2)));
        foreach (var (id, stock, held) in balances.Where(b => b.Stock + b.Held != supplied[b.Id]))
            yield return $"product {id}: {supplied[id]} came in, {stock} are on hand and {held} held by orders";
    }

    /// <summary>Acknowledged orders that are not in the books exactly as acknowledged, a line each.</summary>
    public IEnumerable<string> Missing(IEnumerable<Purchase> purchases)
    {
        var orders = Rows(
            "select id, amount, status from orders",
            r => (Id: r.GetInt64(0), Amount: r.GetInt64(1), Status: r.GetInt32(2))).ToDictionary(o => o.Id);
        foreach (var order in purchases.Where(p => p.IsAcknowledged).GroupBy(p => p.OrderId))
        {
            var (purchase, times) = (order.First(), order.Count());
            if (times > 1)
                yield return $"order {order.Key} was acknowledged for {times} keys";
            if (!orders.TryGetValue(order.Key, out var row) || (row.Amount, row.Status) != (purchase.Amount, purchase.Status))
                yield return $"order {order.Key} was acknowledged as {purchase.Answer.Body}, the books have {row}";
        }
    }

    public void Dispose() => _connection.Dispose();

    private long Number(FormattableString sql) => Rows(FormattableString.Invariant(sql), r => Number(r, 0)).Single();

    private List<T> Rows<T>(string sql, Func<DbDataReader, T> read)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
            rows.Add(read(reader));
        return rows;
    }

    private static string Line(DbDataReader row) =>
        string.Join(
            ' ',
            Enumerable.Range(0, row.FieldCount).Select(i => Convert.ToString(row.GetValue(i), CultureInfo.InvariantCulture)));

    // Sums come in whatever type the database has for them.
    private static long Number(DbDataReader row, int column) =>
        Convert.ToInt64(row.GetValue(column), CultureInfo.InvariantCulture);
}
