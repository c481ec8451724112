namespace Mall.Ledger;

/// <summary>Runs migrations, one process at a time; each stands in <c>schema_version</c> when all of it has happened.</summary>
/// <param name="connection">Open, and used by nobody else.</param>
/// <param name="errors">What its exceptions mean.</param>
internal abstract class Migrator(DbConnection connection, StoreErrors errors)
{
    /// <summary>How long a process waits for another to come to its end.</summary>
    protected const int LockSeconds = 60;

    /// <summary>Where the scripts are.</summary>
    protected abstract string Folder { get; }

    /// <exception cref="LedgerStartException">The schema does not fit this program, or a script failed.</exception>
    public Task MigrateAsync(DateTimeOffset now, CancellationToken cancellationToken) =>
        MigrateAsync(MigrationScripts.Of(Folder), now, cancellationToken);

    /// <inheritdoc cref="MigrateAsync(DateTimeOffset, CancellationToken)"/>
    internal async Task MigrateAsync(
        IReadOnlyList<Migration> migrations, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (!await TryLockAsync(cancellationToken))
            throw new LedgerStartException(
                "db: another process has been migrating the database for too long; look what it is doing.");
        var isDone = false;
        try
        {
            await ExecuteAsync("""
                create table if not exists schema_version (
                  number bigint not null primary key, name varchar(128) not null, checksum varchar(64) not null,
                  applied_time bigint not null)
                """, cancellationToken);
            foreach (var migration in MigrationPlan.Of(migrations, await AppliedAsync(cancellationToken)))
                await ApplyAsync(migration, now, cancellationToken);
            isDone = true;
        }
        finally
        {
            await UnlockAsync(isDone);
        }
    }

    /// <summary>False: another process has it for too long.</summary>
    protected abstract Task<bool> TryLockAsync(CancellationToken cancellationToken);

    protected abstract Task UnlockAsync(bool isDone);

    /// <summary>What a script and its row are written in, where that is a transaction of their own.</summary>
    protected abstract ValueTask<DbTransaction?> BeginAsync(CancellationToken cancellationToken);

    protected async Task<object?> ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = Command(sql);
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    private async Task<List<AppliedMigration>> AppliedAsync(CancellationToken cancellationToken)
    {
        await using var command = Command("select number, name, checksum from schema_version order by number");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var applied = new List<AppliedMigration>();
        while (await reader.ReadAsync(cancellationToken))
            applied.Add(new AppliedMigration((int)reader.GetInt64(0), reader.GetString(1), reader.GetString(2)));
        return applied;
    }

    private async Task ApplyAsync(Migration migration, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var transaction = await BeginAsync(cancellationToken);
        try
        {
            await using var script = Command(migration.Script);
            await script.ExecuteNonQueryAsync(cancellationToken);
            await ExecuteAsync($"""
                insert into schema_version (number, name, checksum, applied_time)
                values ({migration.Number}, '{migration.Name}', '{migration.Checksum}', {now.ToUnixTimeMilliseconds()})
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
        command.CommandTimeout = CommandTimeout;
        return command;
    }

    /// <summary>In seconds; 0 is none, since a large table takes its time.</summary>
    protected virtual int CommandTimeout => 0;
}
