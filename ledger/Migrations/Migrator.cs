namespace Mall.Ledger;

/// <summary>How a database keeps migrations to one process at a time. A lock was got when it answers 1.</summary>
/// <param name="Unlock">When all has gone well.</param>
/// <param name="Undo">When it has not; null: the same.</param>
/// <param name="IsTransactional">Each migration has happened wholly or not at all. Elsewhere a process that dies may leave half
/// of one: its row in <c>schema_version</c> comes last, and every statement can be repeated.</param>
internal sealed record MigratorWords(
    string Folder, string Lock, string Unlock, bool IsTransactional, string? Undo = null, int TimeoutSeconds = 0);

/// <summary>Runs migrations, one process at a time; each stands in <c>schema_version</c> when all of it has happened.</summary>
/// <param name="connection">Open, and used by nobody else.</param>
internal sealed class Migrator(DbConnection connection, StoreErrors errors, MigratorWords words, TimeProvider time)
{
    // How long a process waits for another to come to its end. A lock is gone with its session at the latest.
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(60);

    private static readonly Query<Migration> s_applied = new(
        "select number, name, checksum from schema_version order by number",
        row => new Migration((int)row.GetInt64(0), row.GetString(1), row.GetString(2)));

    /// <param name="migrations">Null: all of <see cref="MigratorWords.Folder"/>.</param>
    /// <exception cref="LedgerStartException">The schema does not fit this program, or a script failed.</exception>
    public async Task MigrateAsync(IReadOnlyList<Migration>? migrations, CancellationToken cancellationToken)
    {
        await LockAsync(cancellationToken);
        var end = words.Undo ?? words.Unlock;
        try
        {
            await ExecuteAsync("""
                create table if not exists schema_version (
                  number bigint not null primary key, name varchar(128) not null, checksum varchar(64) not null,
                  applied_time bigint not null)
                """, cancellationToken);
            var applied = await new Statement<Migration>(s_applied).ReadAsync(connection, cancellationToken);
            foreach (var migration in MigrationPlan.Of(migrations ?? MigrationScripts.Of(words.Folder), applied))
                await ApplyAsync(migration, cancellationToken);
            end = words.Unlock;
        }
        finally
        {
            await ExecuteAsync(end, CancellationToken.None);
        }
    }

    private async Task LockAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (Convert.ToInt64(await ExecuteAsync(words.Lock, cancellationToken), null) != 1)
        {
            if (time.GetElapsedTime(started) > s_longestWait)
                throw new LedgerStartException(
                    "db: another process has been migrating the database for too long; look what it is doing.");
            await Task.Delay(TimeSpan.FromMilliseconds(100), time, cancellationToken);
        }
    }

    private async Task<object?> ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = Command(sql);
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    private async Task ApplyAsync(Migration migration, CancellationToken cancellationToken)
    {
        await using var transaction = words.IsTransactional ? await connection.BeginTransactionAsync(cancellationToken) : null;
        try
        {
            await using var script = Command(migration.Script);
            await script.ExecuteNonQueryAsync(cancellationToken);
            await ExecuteAsync($"""
                insert into schema_version (number, name, checksum, applied_time)
                values ({migration.Number}, '{migration.Name}', '{migration.Checksum}',
                  {time.GetUtcNow().ToUnixTimeMilliseconds()})
                """, cancellationToken);
            if (transaction is not null) await transaction.CommitAsync(cancellationToken);
        }
        catch (Exception failure) when (errors.IsFaultOfStatement(failure))
        {
            throw new LedgerStartException($"db: migration {migration.Name} failed: {errors.Describe(failure)}.", failure);
        }
    }

    private DbCommand Command(string sql)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = words.TimeoutSeconds; // Zero is none: a large table takes its time.
        return command;
    }
}
