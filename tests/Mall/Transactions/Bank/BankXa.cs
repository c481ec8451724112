using Mall.TestServers;
using Mall.Tests.Installations;
using MySqlConnector;

namespace Mall.Tests.Transactions.Bank;

/// <summary>
/// The part of the bank whose database takes part in XA, on MariaDB: the first phase ends prepared in the database and outlives
/// its connection, the second is the manager's. The barrier's row is in the XA transaction, and says afterwards how that ended.
/// </summary>
public sealed class BankXa
{
    private const int NoSuchXid = 1397;
    private const int KnownXid = 1440;
    private const int LockWait = 1205;

    private readonly string _database;

    private BankXa(string database) => _database = database;

    /// <summary>Null when this machine has no MariaDB.</summary>
    public static async Task<BankXa?> OpenAsync(CancellationToken stop)
    {
        if (DatabaseServer.WhyMissing(DatabaseKind.MariaDb) is not null) return null;
        var server = await DatabaseServer.SharedAsync(DatabaseKind.MariaDb);
        var xa = new BankXa(await server.CreateDatabaseAsync($"bank_{Guid.NewGuid():N}", stop));
        await using var connection = await xa.ConnectAsync();
        await RunAsync(connection, """
            create table barrier (gid varchar(128), branch_id varchar(128), reason varchar(45), primary key (gid, branch_id));
            create table accounts (id varchar(128) primary key, balance bigint not null);
            create table effects (number int auto_increment primary key, gid varchar(128), branch_id varchar(128))
            """);
        return xa;
    }

    /// <summary>False: refused. Null: nobody knows.</summary>
    public async Task<bool?> AnswerAsync(string gid, string branch, string op, Move move)
    {
        if (move.IsRefused && op == "action") return false;
        await using var connection = await ConnectAsync();
        try
        {
            return op switch
            {
                "action" => await PrepareAsync(connection, gid, branch, move),
                "commit" => await CommitAsync(connection, gid, branch),
                "rollback" => await RollBackAsync(connection, gid, branch),
                _ => null,
            };
        }
        catch (MySqlException e) when (e.Number == LockWait)
        {
            return null; // The first phase is under way, or its connection not yet gone.
        }
    }

    public async Task<string[]> AskAsync(string sql)
    {
        await using var connection = await ConnectAsync();
        return await BankServices.AskAsync(connection, sql);
    }

    private static async Task<bool?> PrepareAsync(MySqlConnection connection, string gid, string branch, Move move)
    {
        try
        {
            await RunAsync(connection, $"xa start '{gid}','{branch}'");
        }
        catch (MySqlException e) when (e.Number == KnownXid)
        {
            return true; // Its answer was lost.
        }

        var isFirst = await InsertBarrierAsync(connection, gid, branch, "action");
        if (isFirst)
        {
            await RunAsync(connection, $"""
                insert into accounts values ('{gid}-{move.Account}', {move.Amount})
                on duplicate key update balance = balance + {move.Amount};
                insert into effects (gid, branch_id) values ('{gid}', '{branch}')
                """);
        }

        await RunAsync(connection, $"xa end '{gid}','{branch}'");
        await RunAsync(connection, $"xa {(isFirst ? "prepare" : "rollback")} '{gid}','{branch}'");
        return isFirst;
    }

    private static async Task<bool?> CommitAsync(MySqlConnection connection, string gid, string branch)
    {
        await EndAsync(connection, "commit", gid, branch);
        return await ReasonAsync(connection, gid, branch) == "action" ? true : null;
    }

    private static async Task<bool?> RollBackAsync(MySqlConnection connection, string gid, string branch)
    {
        await EndAsync(connection, "rollback", gid, branch);
        await InsertBarrierAsync(connection, gid, branch, "rollback");
        return await ReasonAsync(connection, gid, branch) == "rollback" ? true : null;
    }

    /// <summary>A name that is not known is one that has ended, or whose connection is not yet gone: the barrier tells.</summary>
    private static async Task EndAsync(MySqlConnection connection, string how, string gid, string branch)
    {
        try
        {
            await RunAsync(connection, $"xa {how} '{gid}','{branch}'");
        }
        catch (MySqlException e) when (e.Number == NoSuchXid)
        {
            return;
        }
    }

    private static async Task<bool> InsertBarrierAsync(MySqlConnection connection, string gid, string branch, string reason) =>
        await RunAsync(connection, $"insert ignore into barrier values ('{gid}', '{branch}', '{reason}')") > 0;

    private static async Task<string?> ReasonAsync(MySqlConnection connection, string gid, string branch) =>
        (await BankServices.AskAsync(connection, $"select reason from barrier where gid = '{gid}' and branch_id = '{branch}'"))
        .SingleOrDefault();

    private static async Task<int> RunAsync(MySqlConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteNonQueryAsync();
    }

    private async Task<MySqlConnection> ConnectAsync()
    {
        var connection = (MySqlConnection)Connections.To(_database);
        await connection.OpenAsync();
        await RunAsync(connection, "set innodb_lock_wait_timeout = 1");
        return connection;
    }
}
