using MySqlConnector;

namespace Mall.Ledger.MySql;

/// <summary>
/// Here a statement that changes the schema commits by itself, so a process that dies may leave a migration half applied. That is
/// noticed by its row in <c>schema_version</c>, which is written after its last statement, and mended by running it again from
/// its beginning: every statement of these scripts can be repeated (<c>if not exists</c>, <c>replace</c>).
/// </summary>
internal sealed class MySqlMigrator(MySqlConnection connection) : Migrator(connection, MySqlErrors.Instance)
{
    // Locks are the server's, not the database's, and their names have at most 64 characters.
    private readonly string _lock = new SqlText()
        .AddText($"mall-migrations-{connection.Database}"[..Math.Min(64, 16 + connection.Database.Length)]).ToString();

    protected override string Folder => "mysql";

    protected override async Task<bool> TryLockAsync(CancellationToken cancellationToken) =>
        await ExecuteAsync($"select get_lock({_lock}, {LockSeconds})", cancellationToken) is 1L or 1;

    protected override Task UnlockAsync(bool isDone) => ExecuteAsync($"select release_lock({_lock})", CancellationToken.None);

    protected override ValueTask<DbTransaction?> BeginAsync(CancellationToken cancellationToken) => default;
}
