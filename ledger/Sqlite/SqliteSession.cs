namespace Mall.Ledger.Sqlite;

/// <summary>A connection that keeps its statements prepared. Used by one thread at a time.</summary>
internal sealed class SqliteSession : IDisposable
{
    // SQL lives in static fields, or is made once a shape: past this somebody makes it anew each time.
    private const int MostStatements = 512;

    private readonly Dictionary<string, IDisposable> _statements = []; // Either commands, for queries, or changes.

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
        if (_statements.GetValueOrDefault(sql) is not SqliteChange change)
            Keep(sql, change = new SqliteChange(Connection.Handle!, sql, values.Length));
        return change.Execute(values);
    }

    public IReadOnlyList<T> Read<T>(Query<T> query, params ReadOnlySpan<Value> values)
    {
        if (_statements.GetValueOrDefault(query.Sql) is not SqliteCommand command || command.Parameters.Count != values.Length)
        {
            Keep(query.Sql, command = Connection.CreateCommand());
            command.CommandText = query.Sql;
            for (var i = 1; i <= values.Length; i++) command.Parameters.Add(new SqliteParameter { ParameterName = $"@p{i}" });
        }

        for (var i = 0; i < values.Length; i++) command.Parameters[i].Value = values[i].ToObject();
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read()) rows.Add(query.Map(reader));
        return rows;
    }

    public void Dispose()
    {
        Forget();
        Connection.Dispose();
    }

    private void Keep(string sql, IDisposable statement)
    {
        if (_statements.Count >= MostStatements) Forget();
        if (_statements.Remove(sql, out var other)) other.Dispose();
        _statements[sql] = statement;
    }

    private void Forget()
    {
        foreach (var statement in _statements.Values) statement.Dispose();
        _statements.Clear();
    }
}

/// <summary>Connections that only read, on the caller's own thread: in WAL mode a reader sees the last commit, waits for nobody
/// and keeps nobody waiting, and what it reads is nearly always in memory.</summary>
internal sealed class SqliteReaders(string path) : PooledObjectPolicy<SqliteSession>
{
    public override SqliteSession Create() => new(
        path, "pragma query_only = on; pragma busy_timeout = 5000; pragma temp_store = memory; pragma cache_size = -8192;");
    public override bool Return(SqliteSession obj) => true;
}
