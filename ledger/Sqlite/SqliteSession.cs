using Microsoft.Data.Sqlite;
using Microsoft.Extensions.ObjectPool;
using SQLitePCL;

namespace Mall.Ledger.Sqlite;

/// <summary>A connection that keeps its statements prepared. Used by one thread at a time.</summary>
internal sealed class SqliteSession : IDisposable
{
    // SQL lives in static fields, or is made once a shape: past this somebody makes it anew each time.
    private const int MostStatements = 512;

    private readonly Dictionary<string, SqliteCommand> _queries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SqliteChange> _changes = new(StringComparer.Ordinal);

    public SqliteSession(string path, string pragmas)
    {
        var settings = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 5 };
        Connection = new SqliteConnection(settings.ToString());
        try
        {
            Connection.Open();
            _ = raw.sqlite3_extended_result_codes(Connection.Handle, 1);
            using var command = Connection.CreateCommand();
            command.CommandText = pragmas;
            command.ExecuteNonQuery();
        }
        catch
        {
            Connection.Dispose();
            throw;
        }
    }

    public SqliteConnection Connection { get; }

    public bool IsInTransaction => raw.sqlite3_get_autocommit(Connection.Handle) == 0;

    /// <returns>How many rows it has changed.</returns>
    public int Execute(string sql, params ReadOnlySpan<Value> values)
    {
        if (!_changes.TryGetValue(sql, out var change))
        {
            ForgetIfMany();
            _changes[sql] = change = new SqliteChange(Connection.Handle!, sql, values.Length);
        }

        return change.Execute(values);
    }

    public IReadOnlyList<T> Read<T>(Query<T> query, params ReadOnlySpan<Value> values)
    {
        using var reader = CommandFor(query.Sql, values).ExecuteReader();
        var rows = new List<T>();
        while (reader.Read()) rows.Add(query.Map(reader));
        return rows;
    }

    public void Dispose()
    {
        Forget();
        Connection.Dispose();
    }

    private SqliteCommand CommandFor(string sql, ReadOnlySpan<Value> values)
    {
        if (!_queries.TryGetValue(sql, out var command) || command.Parameters.Count != values.Length)
        {
            command?.Dispose();
            ForgetIfMany();
            command = Connection.CreateCommand();
            command.CommandText = sql;
            for (var i = 1; i <= values.Length; i++) command.Parameters.Add(new SqliteParameter { ParameterName = $"@p{i}" });
            _queries[sql] = command;
        }

        for (var i = 0; i < values.Length; i++) command.Parameters[i].Value = values[i].ToObject();
        return command;
    }

    private void ForgetIfMany()
    {
        if (_queries.Count + _changes.Count >= MostStatements) Forget();
    }

    private void Forget()
    {
        foreach (var query in _queries.Values) query.Dispose();
        foreach (var change in _changes.Values) change.Dispose();
        _queries.Clear();
        _changes.Clear();
    }
}

/// <summary>Connections that only read, on the caller's own thread: in WAL mode a reader sees the last commit, waits for nobody
/// and keeps nobody waiting, and what it reads is nearly always in memory.</summary>
internal sealed class SqliteReaders(Func<SqliteSession> open) : PooledObjectPolicy<SqliteSession>
{
    public override SqliteSession Create() => open();
    public override bool Return(SqliteSession obj) => true;
}
