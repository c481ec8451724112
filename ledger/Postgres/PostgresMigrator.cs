using Npgsql;

namespace Mall.Ledger.Postgres;

/// <summary>Each migration is a transaction: it has happened wholly or not at all.</summary>
internal sealed class PostgresMigrator(NpgsqlConnection connection) : Migrator(connection, PostgresErrors.Instance)
{
    // Arbitrary, and the same in every version for ever.
    private const long LockKey = 0x4D616C6C; // "Mall"

    protected override string Folder => "postgres";

    protected override async Task<bool> TryLockAsync(CancellationToken cancellationToken)
    {
        try
        {
            // Gone with the session at the latest, so nobody waits for a process that died.
            await ExecuteAsync($"set lock_timeout = '{LockSeconds}s'; select pg_advisory_lock({LockKey})", cancellationToken);
            return true;
        }
        catch (PostgresException failure) when (failure.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            return false;
        }
    }

    protected override Task UnlockAsync(bool isDone) =>
        ExecuteAsync($"select pg_advisory_unlock({LockKey})", CancellationToken.None);

    protected override async ValueTask<DbTransaction?> BeginAsync(CancellationToken cancellationToken) =>
        await connection.BeginTransactionAsync(cancellationToken);
}
