using System.Text.RegularExpressions;
using Mall.Ledger.MySql;
using Mall.Ledger.Postgres;
using Mall.TestServers;

namespace Mall.Ledger.Tests;

/// <summary>What becomes of a migration that does not come to its end.</summary>
public sealed class MigrationTests
{
    private static readonly Migration s_first = Migration.Parse("0001_a", "create table if not exists a (x int);\n");
    private static readonly Migration s_second = Migration.Parse(
        "0002_b", "-- Two steps.\ncreate table if not exists b1 (x int);\n\ncreate table if not exists b2 (x int);\n");
    private static readonly Migration s_broken = Migration.Parse(
        "0002_b", "create table if not exists b1 (x int);\ncreate table b2 (x no_such_type);\n");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Postgres_UndoesIt_AndTheNextStartBeginsAnew()
    {
        var database = await NewDatabaseAsync(DatabaseKind.Postgres);
        await using var pool = PostgresConnections.To(database.Address, TimeSpan.FromSeconds(10), isPooled: true);
        await using var connection = await pool.OpenConnectionAsync(Cancel);
        var migrator = new Migrator(connection, PostgresErrors.Instance, PostgresStore.Words, TimeProvider.System);
        var failure = await Assert.ThrowsAsync<LedgerStartException>(
            () => migrator.MigrateAsync([s_first, s_broken], Cancel));

        Assert.Contains("migration 0002_b failed", failure.Message, StringComparison.Ordinal);
        Assert.Equal("a\nschema_version", await database.Server.RunSqlAsync(
            "select tablename from pg_tables where schemaname = 'public' order by 1", "migrations", Cancel));
        await migrator.MigrateAsync([s_first, s_second], Cancel);
        Assert.Equal(
            "1\n2", await database.Server.RunSqlAsync("select number from schema_version order by 1", "migrations", Cancel));
    }

    [Fact]
    public async Task MariaDb_KeepsWhatItHadDone_AndTheNextStartFinishesIt()
    {
        var database = await NewDatabaseAsync(DatabaseKind.MariaDb);
        await using var pool = MySqlConnections.To(database.Address, TimeSpan.FromSeconds(10), isPooled: true);
        await using var connection = await pool.OpenConnectionAsync(Cancel);
        var migrator = new Migrator(connection, MySqlErrors.Instance, MySqlStore.Words, TimeProvider.System);
        var failure = await Assert.ThrowsAsync<LedgerStartException>(
            () => migrator.MigrateAsync([s_first, s_broken], Cancel));

        Assert.Contains("migration 0002_b failed", failure.Message, StringComparison.Ordinal);
        Assert.Equal("a\nb1\nschema_version", await database.Server.RunSqlAsync("show tables", "migrations", Cancel));
        Assert.Equal("1", await database.Server.RunSqlAsync("select number from schema_version", "migrations", Cancel));
        await migrator.MigrateAsync([s_first, s_second], Cancel);
        Assert.Equal("a\nb1\nb2\nschema_version", await database.Server.RunSqlAsync("show tables", "migrations", Cancel));
        Assert.Equal(
            "1\n2", await database.Server.RunSqlAsync("select number from schema_version order by 1", "migrations", Cancel));
    }

    [Fact]
    public void MySqlScripts_ConsistOfStatementsThatCanBeRepeated()
    {
        var migrations = Migration.AllOf("mysql");
        Assert.NotEmpty(migrations);
        foreach (var migration in migrations)
        {
            var lines = migration.Script.Split('\n').Where(line => !line.StartsWith("--", StringComparison.Ordinal));
            var statements = Regex.Replace(string.Join('\n', lines), "'[^']*'", "").Split(';', StringSplitOptions.TrimEntries);
            Assert.NotEmpty(statements[..^1]);
            Assert.All(statements[..^1], statement =>
                Assert.Matches(
                    "^(create table if not exists |replace into |insert ignore into |update [a-z_]+ set |"
                    + "set @change = if|(prepare|execute|deallocate prepare) change_once|" // Asks the schema first.
                    + "alter table [a-z_]+\\s+(convert to character set|modify|alter column) )",
                    statement));
        }
    }

    private static async Task<ServerDatabase> NewDatabaseAsync(DatabaseKind kind)
    {
        var database = new ServerDatabase(kind, "migrations");
        await database.PrepareAsync();
        return database;
    }
}
