using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Mall.Ledger.Sqlite;

/// <summary>A prepared statement on SQLite's own interface: no parameter objects, no boxing. Used by one thread.</summary>
internal sealed class SqliteStatement : IDisposable
{
    private readonly sqlite3 _db;
    private readonly sqlite3_stmt _statement;
    private byte[] _utf8 = new byte[256];

    /// <exception cref="SqliteException">The SQL does not fit the schema.</exception>
    public SqliteStatement(sqlite3 db, string sql)
    {
        _db = db;
        Sql = sql;
        var code = raw.sqlite3_prepare_v3(db, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement);
        if (code != raw.SQLITE_OK) throw Failure(raw.sqlite3_extended_errcode(db));
    }

    public string Sql { get; }

    /// <summary>What the last failing call said.</summary>
    /// <param name="code">Its extended code.</param>
    public SqliteException Failure(int code) => new(raw.sqlite3_errmsg(_db).utf8_to_string(), code & 0xff, code);

    public SqliteStatement Bind(int index, long number)
    {
        _ = raw.sqlite3_bind_int64(_statement, index, number);
        return this;
    }

    public SqliteStatement Bind(int index, string text)
    {
        if (text.Length == 0)
        {
            _ = raw.sqlite3_bind_text(_statement, index, ""); // An empty span would be bound as null.
            return this;
        }

        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (_utf8.Length < most) _utf8 = new byte[Math.Max(most, 2 * _utf8.Length)];
        var length = Encoding.UTF8.GetBytes(text, _utf8);
        _ = raw.sqlite3_bind_text(_statement, index, _utf8.AsSpan(0, length)); // SQLite copies it.
        return this;
    }

    public SqliteStatement Bind(int index, in Value value)
    {
        if (value.IsNumber) return Bind(index, value.Number);
        if (value.Text is { } text) return Bind(index, text);
        _ = raw.sqlite3_bind_null(_statement, index);
        return this;
    }

    /// <summary>Runs a statement that returns no rows.</summary>
    /// <param name="changed">How many rows it changed.</param>
    /// <returns>SQLITE_OK, or the extended error code.</returns>
    public int Execute(out int changed)
    {
        var isDone = raw.sqlite3_step(_statement) is raw.SQLITE_DONE or raw.SQLITE_ROW;
        changed = isDone ? raw.sqlite3_changes(_db) : 0;
        var code = isDone ? raw.SQLITE_OK : raw.sqlite3_extended_errcode(_db);
        _ = raw.sqlite3_reset(_statement); // Repeats the code of the step.
        return code;
    }

    /// <exception cref="SqliteException">It failed.</exception>
    public int Execute()
    {
        var code = Execute(out var changed);
        return code == raw.SQLITE_OK ? changed : throw Failure(code);
    }

    /// <exception cref="SqliteException">It failed.</exception>
    public List<T> Read<T>(Func<SqliteStatement, T> map)
    {
        var rows = new List<T>();
        try
        {
            while (true)
            {
                var code = raw.sqlite3_step(_statement);
                if (code == raw.SQLITE_DONE) return rows;
                if (code != raw.SQLITE_ROW) throw Failure(raw.sqlite3_extended_errcode(_db));
                rows.Add(map(this));
            }
        }
        finally
        {
            _ = raw.sqlite3_reset(_statement);
        }
    }

    public long Number(int column) => raw.sqlite3_column_int64(_statement, column);

    public string? Text(int column) =>
        raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL
            ? null : raw.sqlite3_column_text(_statement, column).utf8_to_string();

    public void Dispose() => _statement.Dispose();
}
