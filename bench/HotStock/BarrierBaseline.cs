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

    /// <param name="file">A database of the mall that no silo has open.</param>
    /// <param name="productId">A product in it.</param>
    public BarrierBaseline(string file, long productId)
    {
        _connection = new SqliteConnection($"Data Source={file};Pooling=False");
        _connection.Open();
        Command("""
            pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 60000; pragma temp_store = memory;
            pragma cache_size = -65536; pragma wal_autocheckpoint = 16000; pragma journal_size_limit = 67108864
            """).ExecuteNonQuery(); // As the mall has its own.
        _begin = Command("begin immediate");
        _insertBarrier = Command(
            """
            insert into barrier (trans_type, gid, branch_id, op, barrier_id, reason, create_time)
            values ('saga', @gid, '02', 'action', '01', 'action', @now)
            on conflict do nothing
            """,
            ("@gid", ""), ("@now", 0L));
        _takeOne = Command("update products set stock = stock - 1 where id = @id and stock >= 1", ("@id", productId));
        _commit = Command("commit");
        _rollback = Command("rollback");
    }

    /// <summary>What the connection says its settings are, not what was asked for.</summary>
    public string Settings =>
        $"SQLite {_connection.ServerVersion}, journal_mode={Command("pragma journal_mode").ExecuteScalar()}, "
        + $"synchronous={Command("pragma synchronous").ExecuteScalar()} (2 is FULL)";

    /// <summary>Takes one piece; durable when it returns. False when the stock is gone or the gid has had its piece.</summary>
    public bool TakeOne(string gid)
    {
        _insertBarrier.Parameters[0].Value = gid;
        _insertBarrier.Parameters[1].Value = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        _begin.ExecuteNonQuery();
        var taken = _insertBarrier.ExecuteNonQuery() == 1 && _takeOne.ExecuteNonQuery() == 1;
        (taken ? _commit : _rollback).ExecuteNonQuery();
        return taken;
    }

    public void Dispose() => _connection.Dispose();

    /// <summary>A statement that stays prepared.</summary>
    SqliteCommand Command(string sql, params (string Name, object Value)[] values)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in values)
            command.Parameters.AddWithValue(name, value);
        return command;
    }
}
