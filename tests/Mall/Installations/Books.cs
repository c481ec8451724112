using Microsoft.Data.Sqlite;

namespace Mall.Tests.Installations;

/// <summary>
/// An auditor's look into the database file, with statements of its own: nothing that the mall says about itself is believed.
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
            "select gid from sagas where kind = 'order' and status = 'succeed' and gid not in (select gid from orders)"),
        ("the amount is not the sum of the items",
            "select id from orders o where amount <> (select sum(quantity * price) from order_items i where i.order_id = o.id)"),
        ("the barrier row is there twice",
            "select gid || ' ' || branch_id from barrier group by gid, branch_id, op, barrier_id having count(*) > 1"),
        ("the barrier row has no saga", "select gid from barrier where gid not in (select gid from sagas)"),
        ("the order succeeded with other barrier rows than one action of the order and one of each product",
            """
            select s.gid from sagas s where s.kind = 'order' and s.status = 'succeed' and not (
              select count(*) = count(distinct branch_id) and sum(branch_id = '01') = 1
                and min(op = 'action' and reason = 'action') = 1
                and count(*) = 1 + (select count(*) from order_items i join orders o on o.id = i.order_id where o.gid = s.gid)
              from barrier b where b.gid = s.gid)
            """),
        ("the branch of a failed saga has other barrier rows than its action's or marker, and its compensation's",
            """
            select b.gid || ' ' || b.branch_id from barrier b join sagas s on s.gid = b.gid where s.status = 'failed'
            group by b.gid, b.branch_id having not (
              count(*) = 2 and sum(b.op = 'action' and b.reason in ('action', 'compensate')) = 1
              and sum(b.op = 'compensate' and b.reason = 'compensate') = 1)
            """),
        ("the order saga failed, and its order's branch has not been undone",
            """
            select gid from sagas where kind = 'order' and status = 'failed'
            and gid not in (select gid from barrier where branch_id = '01' and op = 'compensate')
            """),
        ("the user has not been welcomed exactly once",
            "select id from users where id not in (select user_id from points where balance = 10)"),
        ("the file is damaged", "select integrity_check from pragma_integrity_check where integrity_check <> 'ok'"),
    ];

    private readonly SqliteConnection _connection;

    private Books(SqliteConnection connection) => _connection = connection;

    /// <summary>Opens the file for reading; a silo may be at work on it.</summary>
    public static Books Open(Installation installation)
    {
        var connection = new SqliteConnection($"Data Source={installation.File};Mode=ReadOnly;Pooling=False");
        connection.Open();
        return new Books(connection);
    }

    /// <summary>Sagas that have not ended.</summary>
    public int UnendedSagas() =>
        Rows("select gid from sagas where status not in ('succeed', 'failed')", r => r.GetString(0)).Count;

    /// <summary>The orders of a status.</summary>
    public long Orders(int status) => Number($"select count(*) from orders where status = {status}");

    /// <summary>What is left of a product.</summary>
    public long Stock(long productId) => Number($"select stock from products where id = {productId}");

    /// <summary>Everything that is wrong, a line each.</summary>
    /// <param name="supplied">Of each product, all that ever came in.</param>
    public IEnumerable<string> Discrepancies(IReadOnlyDictionary<long, long> supplied)
    {
        foreach (var (finding, sql) in s_findings)
        {
            foreach (var row in Rows(sql, r => r.GetString(0)))
                yield return $"{row}: {finding}";
        }

        var balances = Rows(
            """
            select p.id, p.stock, coalesce((
              select sum(i.quantity) from order_items i join orders o on o.id = i.order_id
              where i.product_id = p.id and o.status not in (9, 2, 3)), 0)
            from products p
            """,
            r => (Id: r.GetInt64(0), Stock: r.GetInt64(1), Held: r.GetInt64(2)));
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

    private long Number(FormattableString sql) => Rows(FormattableString.Invariant(sql), r => r.GetInt64(0)).Single();

    private List<T> Rows<T>(string sql, Func<SqliteDataReader, T> read)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
            rows.Add(read(reader));
        return rows;
    }
}
