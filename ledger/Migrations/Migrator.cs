namespace Mall.Ledger;

/// <summary>How a database keeps migrations to one process at a time.</summary>
/// <param name="Folder">Where its scripts are, in <c>sql/</c>.</param>
/// <param name="Lock">Has got the lock when it answers 1.</param>
internal sealed record MigratorWords(string Folder, string Lock, string? Unlock);

/// <summary>Runs migrations, one process at a time. Each is one text, whose last statement puts it into <c>schema_version</c>. To
/// PostgreSQL such a text is one transaction. On MySQL a process that dies may leave half of one: every statement there can be
/// repeated.</summary>
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
        try
        {
            await RunAsync("""
                create table if not exists schema_version (
                  number bigint not null primary key, name varchar(128) not null, checksum varchar(64) not null,
                  applied_time bigint not null)
                """, cancellationToken);
            var applied = await new Statement<Migration>(s_applied).ReadAsync(connection, cancellationToken);
            foreach (var migration in Migration.ToRun(migrations ?? Migration.AllOf(words.Folder), applied))
                await ApplyAsync(migration, cancellationToken);
        }
        finally
        {
            if (words.Unlock is { } unlock) await RunAsync(unlock, CancellationToken.None);
        }
    }

    private async Task LockAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (Convert.ToInt64((await RunAsync(words.Lock, cancellationToken))[0], null) != 1)
        {
            if (time.GetElapsedTime(started) > s_longestWait)
                throw new LedgerStartException(
                    "db: another process has been migrating the database for too long; look what it is doing.");
            await Task.Delay(TimeSpan.FromMilliseconds(100), time, cancellationToken);
        }
    }

    private async Task ApplyAsync(Migration migration, CancellationToken cancellationToken)
    {
        try
        {
            await RunAsync($"""
                {migration.Script}
                insert into schema_version (number, name, checksum, applied_time)
                values ({migration.Number}, '{migration.Name}', '{migration.Checksum}',
                  {time.GetUtcNow().ToUnixTimeMilliseconds()})
                """, cancellationToken);
        }
        catch (Exception failure) when (errors.IsFaultOfStatement(failure))
        {
            throw new LedgerStartException($"db: migration {migration.Name} failed: {errors.Describe(failure)}.", failure);
        }
    }

    // A large table takes its time, hence no timeout.
    private Task<IReadOnlyList<object>> RunAsync(string sql, CancellationToken cancellationToken) =>
        new Statement<object>(new Query<object>(sql, row => row.GetValue(0)) { Timeout = TimeSpan.Zero })
            .ReadAsync(connection, cancellationToken);
}
