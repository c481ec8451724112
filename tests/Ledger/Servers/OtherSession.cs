using System.Data;
using System.Data.Common;
using Mall.TestServers;
using Npgsql;

namespace Mall.Ledger.Tests;

/// <summary>Somebody else's transaction, which holds locks.</summary>
internal sealed class OtherSession : IAsyncDisposable
{
    private readonly DbConnection _connection;
    private readonly DbTransaction _transaction;

    private OtherSession(DbConnection connection, DbTransaction transaction) =>
        (_connection, _transaction) = (connection, transaction);

    /// <summary>Begins a transaction and runs a statement in it.</summary>
    public static async Task<OtherSession> LockAsync(DatabaseServer server, string database, string sql)
    {
        var address = new Uri(server.AddressOf(database));
        var user = address.UserInfo.Split(':');
        DbConnection connection = server.Kind == DatabaseKind.Postgres
            ? new NpgsqlConnection()
            : new MySqlConnector.MySqlConnection("Allow User Variables=true");
        connection.ConnectionString = new DbConnectionStringBuilder
        {
            ConnectionString = connection.ConnectionString,
            ["Server"] = address.Host, ["Port"] = address.Port, ["Database"] = database, ["User ID"] = user[0],
            ["Password"] = user[1], ["Pooling"] = false,
        }.ConnectionString;
        await connection.OpenAsync();
        var session = new OtherSession(connection, await connection.BeginTransactionAsync(IsolationLevel.ReadCommitted));
        await session.ExecuteAsync(sql);
        return session;
    }

    /// <summary>Runs another statement in it.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.Transaction = _transaction;
        await command.ExecuteNonQueryAsync();
    }

    public Task CommitAsync() => _transaction.CommitAsync();

    public async Task EndAsync()
    {
        try
        {
            await _transaction.RollbackAsync();
        }
        catch (Exception gone) when (gone is DbException or InvalidOperationException)
        {
            // The server has ended it already.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        await _connection.DisposeAsync();
    }
}
