using System.Data.Common;

namespace Mall.Ledger.MySql;

/// <summary>
/// One connection, its session set up so that texts mean the same on every server. Blocks; used by one thread at a time.
/// <para>
/// A driver may run into a lost connection while it throws away results that nobody reads, and say nothing. So a text of several
/// statements is believed to have been executed only when the row of its last one has been read.
/// </para>
/// </summary>
internal sealed class MySqlSession : IDisposable
{
    private readonly DbConnection _connection;

    private MySqlSession(DbConnection connection) => _connection = connection;

    /// <param name="driver">The ADO.NET driver.</param>
    /// <param name="connectionString">See <see cref="MySqlConnections"/>.</param>
    /// <param name="patience">How long a row may stay locked by others before a statement fails.</param>
    public static MySqlSession Open(DbProviderFactory driver, string connectionString, TimeSpan patience)
    {
        var connection = driver.CreateConnection()
            ?? throw new InvalidOperationException("The MySQL driver makes no connections.");
        try
        {
            connection.ConnectionString = connectionString;
            connection.Open();
            var session = new MySqlSession(connection);
            session.Execute(SetUp(patience));
            session.Execute("set session transaction isolation level read committed");
            return session;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public DbConnection Connection => _connection;

    /// <summary>Runs one statement.</summary>
    /// <returns>How many rows it found.</returns>
    public int Execute(string sql)
    {
        using var command = Command(sql);
        return command.ExecuteNonQuery();
    }

    /// <summary>Runs several statements, of which the last reads one number, and the others read nothing.</summary>
    public long ExecuteAll(string sql)
    {
        using var command = Command(sql);
        using var reader = command.ExecuteReader();
        return reader.Read() ? reader.GetInt64(0) : throw new IOException("The connection broke between two statements.");
    }

    public List<T> Read<T>(string sql, Func<DbDataReader, T> map, params ReadOnlySpan<Value> parameters)
    {
        using var command = Command(sql);
        for (var i = 0; i < parameters.Length; i++)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = $"@p{i + 1}";
            parameter.Value = parameters[i].IsNumber ? parameters[i].Number
                : parameters[i].Text is { } text ? text
                : DBNull.Value;
            command.Parameters.Add(parameter);
        }

        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read()) rows.Add(map(reader));
        return rows;
    }

    public long ReadNumber(string sql) => Read(sql, row => row.GetInt64(0)) is [var number] ? number : 0;

    public void Dispose() => _connection.Dispose();

    // Strict, so that a value that does not fit is an error and not another value. Quotes in quotes and backslashes as the
    // drivers expect them when they write parameters. No notes: a driver that reads them back fails on a text in the server's own
    // character set. A session whose process has gone in the middle of a transaction ends soon, where the server can do that.
    private static string SetUp(TimeSpan patience) => $"""
        set session sql_mode = 'STRICT_ALL_TABLES,ANSI_QUOTES,PIPES_AS_CONCAT,NO_ENGINE_SUBSTITUTION', sql_notes = 0,
          autocommit = 1, time_zone = '+00:00', innodb_lock_wait_timeout = {Math.Max(1, (int)patience.TotalSeconds)}
          /*M!100300 , idle_transaction_timeout = {Math.Max(2, 2 * (int)patience.TotalSeconds)} */
        """;

    private DbCommand Command(string sql)
    {
        var command = _connection.CreateCommand();
#pragma warning disable CA2100 // Constants of the program, with literals made by SqlText.
        command.CommandText = sql;
#pragma warning restore CA2100
        return command;
    }
}
