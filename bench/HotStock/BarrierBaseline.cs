using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Mall.Bench.HotStock;

/// <summary>
/// A stock decrement as DTM's tutorial does it: each in a transaction of its own, barrier row first, then the guarded update.
/// As good as it gets on SQLite: prepared statements, a connection a caller, the write lock taken at the start (a transaction
/// that reads first and then wants to write would be refused instead of waiting).
/// One instance a caller; instances on one file may run at once and then take turns, because SQLite has one writer.
/// </summary>
sealed class BarrierBaseline : IDisposable
{
    readonly SqliteConnection _connection;
    readonly SqliteCommand _begin;
    readonly SqliteCommand _insertBarrier;
    readonly SqliteCommand _takeOne;
    readonly SqliteCommand _commit;
    readonly SqliteCommand _rollback;
    readonly SqliteParameter _gid;
    readonly SqliteParameter _createTime;

    /// <summary>The tables of the contract as far as the baseline needs them, and one product without end.</summary>
    /// <param name="file">A file that does not exist.</param>
    public static void Create(string file, long productId)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText =
            """
            pragma journal_mode = wal;
            create table products (
              id integer primary key, shop_id integer not null, name text not null, description text not null,
              price integer not null, stock integer not null, sold integer not null, status integer not null,
              owner_epoch integer not null, create_time integer not null, update_time integer not null);
            create table barrier (
              trans_type text not null, gid text not null, branch_id text not null, op text not null, barrier_id text not null,
              reason text not null, create_time integer not null, primary key (gid, branch_id, op, barrier_id)) without rowid;
            insert into products values (@id, 1, 'hot', '', 100, @stock, 0, 1, 0, 0, 0);
            """;
        command.Parameters.AddWithValue("@id", productId);
        command.Parameters.AddWithValue("@stock", InitialStock);
        command.ExecuteNonQuery();
    }

    /// <summary>More than any run can take.</summary>
    public const long InitialStock = 1_000_000_000_000;

    /// <param name="file">A file made by <see cref="Create"/>.</param>
    /// <param name="productId">The product in it.</param>
    public BarrierBaseline(string file, long productId)
    {
        _connection = new SqliteConnection($"Data Source={file};Pooling=False");
        _connection.Open();
        Execute("pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 60000");
        _begin = Prepare("begin immediate");
        _insertBarrier = Prepare(
            """
            insert into barrier (trans_type, gid, branch_id, op, barrier_id, reason, create_time)
            values ('saga', @gid, '02', 'action', '01', 'action', @create_time)
            on conflict do nothing
            """);
        _gid = _insertBarrier.Parameters.Add("@gid", SqliteType.Text);
        _createTime = _insertBarrier.Parameters.Add("@create_time", SqliteType.Integer);
        _takeOne = Prepare("update products set stock = stock - 1 where id = @id and stock >= 1");
        _takeOne.Parameters.Add("@id", SqliteType.Integer).Value = productId;
        _commit = Prepare("commit");
        _rollback = Prepare("rollback");
    }

    /// <summary>Takes one piece; durable when it returns. False when the stock is gone or the gid has had its piece.</summary>
    public bool TakeOne(string gid)
    {
        _gid.Value = gid;
        _createTime.Value = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        _begin.ExecuteNonQuery();
        var taken = _insertBarrier.ExecuteNonQuery() == 1 && _takeOne.ExecuteNonQuery() == 1;
        (taken ? _commit : _rollback).ExecuteNonQuery();
        return taken;
    }

    /// <summary>What the connection says its settings are, not what was asked for.</summary>
    public string Settings() =>
        $"SQLite {_connection.ServerVersion}, journal_mode={Scalar("pragma journal_mode")}, "
        + $"synchronous={Synchronous(Scalar("pragma synchronous"))}";

    /// <summary>Pieces taken, by the product's row and by the barrier rows: the same, or something is very wrong.</summary>
    public (long ByStock, long ByBarrier) Taken() =>
        (InitialStock - Number("select stock from products"), Number("select count(*) from barrier"));

    public void Dispose()
    {
        foreach (var command in new[] { _begin, _insertBarrier, _takeOne, _commit, _rollback })
            command.Dispose();
        _connection.Dispose();
    }

    static string Synchronous(string level) => level switch
    {
        "0" => "OFF",
        "1" => "NORMAL",
        "2" => "FULL",
        "3" => "EXTRA",
        _ => level,
    };

    SqliteCommand Prepare(string sql)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.Prepare();
        return command;
    }

    void Execute(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    long Number(string sql) => long.Parse(Scalar(sql), CultureInfo.InvariantCulture);

    string Scalar(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToString(command.ExecuteScalar(), CultureInfo.InvariantCulture) ?? "";
    }
}
