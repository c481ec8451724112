using Microsoft.Data.Sqlite;

namespace Mall.Ledger.Sqlite;

/// <summary>All in one transaction, which holds SQLite's write lock from its beginning: one process at a time.</summary>
internal sealed class SqliteMigrator(SqliteConnection connection) : Migrator(connection, SqliteErrors.Instance)
{
    protected override string Folder => "sqlite";
    protected override int CommandTimeout => connection.DefaultTimeout;

    protected override async Task<bool> TryLockAsync(CancellationToken cancellationToken)
    {
        await ExecuteAsync("begin immediate", cancellationToken);
        return true;
    }

    protected override Task UnlockAsync(bool isDone) =>
        ExecuteAsync(isDone ? "commit" : "rollback", CancellationToken.None);

    protected override ValueTask<DbTransaction?> BeginAsync(CancellationToken cancellationToken) => default;
}
