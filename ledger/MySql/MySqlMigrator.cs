namespace Mall.Ledger.MySql;

/// <summary>
/// Runs migrations under a lock by name, one process at a time. Here a statement that changes the schema commits by itself, so a
/// process that dies may leave a migration half applied. That is noticed by its row in <c>schema_version</c>, which is written
/// after its last statement, and mended by running it again from its beginning: every statement of these scripts can be repeated
/// (<c>if not exists</c>, <c>replace</c>).
/// </summary>
internal static class MySqlMigrator
{
    private const int LockSeconds = 60;

    /// <exception cref="LedgerStartException">The schema does not fit this program, or a script failed.</exception>
    public static void Migrate(MySqlSession session, string database, IReadOnlyList<Migration> migrations, DateTimeOffset now)
    {
        // Locks are the server's, not the database's, and their names have at most 64 characters.
        var name = new SqlText().AddText($"mall-migrations-{database}"[..Math.Min(64, 16 + database.Length)]).ToString();
        if (session.ReadNumber($"select coalesce(get_lock({name}, {LockSeconds}), 0)") != 1)
            throw new LedgerStartException(
                "db: another process has been migrating the database for too long; look what it is doing.");
        try
        {
            session.Execute("""
                create table if not exists schema_version (
                  number bigint not null primary key, name varchar(128) not null, checksum varchar(64) not null,
                  applied_time bigint not null)
                  engine = innodb character set utf8mb4 collate utf8mb4_bin
                """);
            var applied = session.Read(
                "select number, name, checksum from schema_version order by number",
                row => new AppliedMigration((int)row.GetInt64(0), row.GetString(1), row.GetString(2)));
            foreach (var migration in MigrationPlan.Of(migrations, applied)) Apply(session, migration, now);
        }
        finally
        {
            session.ReadNumber($"select coalesce(release_lock({name}), 0)");
        }
    }

    private static void Apply(MySqlSession session, Migration migration, DateTimeOffset now)
    {
        try
        {
            session.Execute(migration.Script);
        }
        catch (Exception failure) when (MySqlErrors.IsFaultOfStatement(failure))
        {
            throw new LedgerStartException(
                $"db: migration {migration.Name} failed: {MySqlErrors.Describe(failure)}.", failure);
        }

        session.Execute(new SqlText()
            .Add("insert into schema_version (number, name, checksum, applied_time) values (").Add(migration.Number).Add(", ")
            .AddText(migration.Name).Add(", ").AddText(migration.Checksum).Add(", ")
            .Add(now.ToUnixTimeMilliseconds()).Add(")").ToString());
    }
}
