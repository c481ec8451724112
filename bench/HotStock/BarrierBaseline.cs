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

    /// <param name="file">A database of the mall that no silo has open.</param>
    /// <param name="productId">A product in it.</param>
    public BarrierBaseline(string file, long productId)
    {
        _connection = new SqliteConnection($"Data Source={file};Pooling=False");
        _connection.Open();
        using (var settings = Command("pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 60000"))
            settings.ExecuteNonQuery();
        _begin = Command("begin immediate");
        _insertBarrier = Command(
            """
            insert into barrier (trans_type, gid, branch_id, op, barrier_id, reason, create_time)
            values ('saga', @gid, '02', 'action', '01', 'action', @create_time)
            on conflict do nothing
            """);
        _gid = _insertBarrier.Parameters.Add("@gid", SqliteType.Text);
        _createTime = _insertBarrier.Parameters.Add("@create_time", SqliteType.Integer);
        _takeOne = Command("update products set stock = stock - 1 where id = @id and stock >= 1");
        _takeOne.Parameters.Add("@id", SqliteType.Integer).Value = productId;
        _commit = Command("commit");
        _rollback = Command("rollback");
        foreach (var command in Commands)
            command.Prepare();
    }

    /// <summary>What the connection says its settings are, not what was asked for.</summary>
    public string Settings =>
        $"SQLite {_connection.ServerVersion}, journal_mode={Scalar("pragma journal_mode")}, "
        + $"synchronous={Scalar("pragma synchronous")} (2 is FULL)";

    SqliteCommand[] Commands => [_begin, _insertBarrier, _takeOne, _commit, _rollback];

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

    public void Dispose()
    {
        foreach (var command in Commands)
            command.Dispose();
        _connection.Dispose();
    }

    SqliteCommand Command(string sql)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        return command;
    }

    string Scalar(string sql)
    {
        using var command = Command(sql);
        return Convert.ToString(command.ExecuteScalar(), CultureInfo.InvariantCulture)!;
    }
}
