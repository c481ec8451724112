using Npgsql;

namespace Mall.Ledger.Postgres;

/// <summary>
/// Runs migrations, each in a transaction together with its row of <c>schema_version</c>: it has happened wholly or not at all.
/// An advisory lock lets one process at a time do it; the others wait, and then find nothing left to do.
/// </summary>
internal static class PostgresMigrator
{
    // Arbitrary, and the same in every version for ever.
    private const long LockKey = 0x4D616C6C; // "Mall"

    private const int LockSeconds = 60;

    private const string CreateJournal = """
        create table if not exists schema_version (
          number integer not null primary key, name text not null, checksum text not null, applied_time bigint not null)
        """;

    /// <exception cref="LedgerStartException">The schema does not fit this program, or a script failed.</exception>
    public static async Task MigrateAsync(
        NpgsqlConnection connection, IReadOnlyList<Migration> migrations, DateTimeOffset now, CancellationToken cancellationToken)
    {
        try
        {
            // Gone with the session at the latest, so nobody waits for a process that died.
            await ExecuteAsync(connection, $"set lock_timeout = '{LockSeconds}s'", cancellationToken);
            await ExecuteAsync(connection, $"select pg_advisory_lock({LockKey})", cancellationToken);
        }
        catch (PostgresException failure) when (failure.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            throw new LedgerStartException(
                "db: another process has been migrating the database for too long; look what it is doing.", failure);
        }

        try
        {
            await ExecuteAsync(connection, CreateJournal, cancellationToken);
            var applied = new List<AppliedMigration>();
            await using (var read = new NpgsqlCommand(
                "select number, name, checksum from schema_version order by number", connection))
            await using (var reader = await read.ExecuteReaderAsync(cancellationToken))
                while (await reader.ReadAsync(cancellationToken))
                    applied.Add(new AppliedMigration(reader.GetInt32(0), reader.GetString(1), reader.GetString(2)));

            foreach (var migration in MigrationPlan.Of(migrations, applied))
                await ApplyAsync(connection, migration, now, cancellationToken);
        }
        finally
        {
            await ExecuteAsync(connection, $"select pg_advisory_unlock({LockKey})", CancellationToken.None);
        }
    }

    private static async Task ApplyAsync(
        NpgsqlConnection connection, Migration migration, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        try
        {
            await ExecuteAsync(connection, migration.Script, cancellationToken);
            await using var note = new NpgsqlCommand(
                "insert into schema_version (number, name, checksum, applied_time) values ($1, $2, $3, $4)", connection);
            note.Parameters.Add(new NpgsqlParameter<int> { TypedValue = migration.Number });
            note.Parameters.Add(new NpgsqlParameter<string> { TypedValue = migration.Name });
            note.Parameters.Add(new NpgsqlParameter<string> { TypedValue = migration.Checksum });
            note.Parameters.Add(new NpgsqlParameter<long> { TypedValue = now.ToUnixTimeMilliseconds() });
            await note.ExecuteNonQueryAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
        catch (PostgresException failure) when (PostgresErrors.IsFaultOfStatement(failure))
        {
            throw new LedgerStartException(
                $"db: migration {migration.Name} failed: {PostgresErrors.Describe(failure)}.", failure);
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
#pragma warning disable CA2100 // Constants and this program's own scripts.
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
