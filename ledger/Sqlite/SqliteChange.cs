namespace Mall.Ledger.Sqlite;

/// <summary>A prepared statement that changes rows, straight on SQLite: a batch runs it thousands of times, and an ADO.NET
/// command boxes each value, looks each parameter up by name and makes a reader each time, which takes longer than the row
/// itself.</summary>
internal sealed class SqliteChange : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;
    private readonly int[] _places; // SQLite counts parameters as they come in the text, whatever their names.

    public SqliteChange(sqlite3 database, string sql, int parameters)
    {
        _database = database;
        Check(raw.sqlite3_prepare_v3(database, sql, raw.SQLITE_PREPARE_PERSISTENT, out _statement));
        _places = [.. Enumerable.Range(1, parameters).Select(i => raw.sqlite3_bind_parameter_index(_statement, $"@p{i}"))];
    }

    public int Execute(ReadOnlySpan<Value> values)
    {
        if (values.Length != _places.Length) throw new ArgumentException($"{_places.Length} values are wanted.", nameof(values));
        for (var i = 0; i < values.Length; i++) Check(Bind(_places[i], values[i]));
        var result = raw.sqlite3_step(_statement);
        raw.sqlite3_reset(_statement); // Says what went wrong once more.
        Check(result);
        return raw.sqlite3_changes(_database);
    }

    public void Dispose() => _statement.Dispose();

    private int Bind(int place, in Value value) =>
        value.IsNumber ? raw.sqlite3_bind_int64(_statement, place, value.Number)
        : value.Text is { } text ? raw.sqlite3_bind_text(_statement, place, text)
        : raw.sqlite3_bind_null(_statement, place);

    private void Check(int result) => SqliteException.ThrowExceptionForRC(result, _database);
}
