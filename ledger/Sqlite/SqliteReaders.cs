using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Mall.Ledger.Sqlite;

/// <summary>
/// Connections that only read, on the caller's own thread: in WAL mode a reader sees the last commit, waits for nobody and keeps
/// nobody waiting, and what it reads is nearly always in memory. Each keeps its statements prepared.
/// </summary>
internal sealed class SqliteReaders(Func<SqliteConnection> open) : IDisposable
{
    private const int MostIdle = 16;

    private readonly ConcurrentBag<SqliteReader> _idle = [];
    private volatile bool _isDisposed;

    public IReadOnlyList<T> Read<T>(Query<T> query, Value[] parameters)
    {
        if (!_idle.TryTake(out var reader)) reader = new SqliteReader(open());
        try
        {
            return reader.Read(query, parameters);
        }
        catch (SqliteException)
        {
            // Whatever is wrong with it, the next read gets a new one.
            reader.Dispose();
            reader = null;
            throw;
        }
        finally
        {
            if (reader is not null) Return(reader);
        }
    }

    public void Dispose()
    {
        _isDisposed = true;
        while (_idle.TryTake(out var reader)) reader.Dispose();
    }

    private void Return(SqliteReader reader)
    {
        if (_isDisposed || _idle.Count >= MostIdle) reader.Dispose();
        else _idle.Add(reader);
    }
}

/// <summary>A connection and its prepared queries. Used by one thread at a time.</summary>
/// <param name="connection">Open; disposed of together with this.</param>
internal sealed class SqliteReader(SqliteConnection connection) : IDisposable
{
    // Queries live in static fields, so there are as many as the program has; past this somebody makes them anew each time.
    private const int MostCommands = 512;

    private readonly Dictionary<string, SqliteCommand> _commands = new(StringComparer.Ordinal);

    public IReadOnlyList<T> Read<T>(Query<T> query, Value[] parameters)
    {
        var command = CommandFor(query.Sql, parameters.Length);
        for (var i = 0; i < parameters.Length; i++)
        {
            var value = parameters[i];
            command.Parameters[i].Value = value.IsNumber ? value.Number : value.Text is { } text ? text : DBNull.Value;
        }

        using var reader = command.ExecuteReader();
        if (!reader.Read()) return [];
        var rows = new List<T>();
        do rows.Add(query.Map(reader));
        while (reader.Read());
        return rows;
    }

    public void Dispose()
    {
        Forget();
        connection.Dispose();
    }

    private SqliteCommand CommandFor(string sql, int parameters)
    {
        if (_commands.TryGetValue(sql, out var command) && command.Parameters.Count == parameters) return command;
        command?.Dispose();
        if (_commands.Count >= MostCommands) Forget();
        command = connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 1; i <= parameters; i++) command.Parameters.Add(new SqliteParameter { ParameterName = $"@p{i}" });
        return _commands[sql] = command;
    }

    private void Forget()
    {
        foreach (var command in _commands.Values) command.Dispose();
        _commands.Clear();
    }
}
