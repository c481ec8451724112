using SQLitePCL;

namespace Mall.Ledger.Sqlite;

/// <summary>
/// Runs migrations in one transaction together with their rows of <c>schema_version</c>: all or none, and one process at a time,
/// since the transaction holds SQLite's write lock from its beginning.
/// </summary>
internal static class SqliteMigrator
{
    /// <exception cref="LedgerStartException">The schema does not fit this program, or a script failed.</exception>
    public static void Migrate(sqlite3 db, IReadOnlyList<Migration> migrations, DateTimeOffset now)
    {
        using (var begin = new SqliteStatement(db, "begin immediate")) begin.Execute();
        try
        {
            Run(db, "create table if not exists schema_version (number integer not null primary key, name text not null, "
                + "checksum text not null, applied_time integer not null)", "schema_version");
            foreach (var migration in MigrationPlan.Of(migrations, Applied(db))) Apply(db, migration, now);
            using var commit = new SqliteStatement(db, "commit");
            commit.Execute();
        }
        catch
        {
            _ = raw.sqlite3_exec(db, "rollback");
            throw;
        }
    }

    private static List<AppliedMigration> Applied(sqlite3 db)
    {
        using var read = new SqliteStatement(db, "select number, name, checksum from schema_version order by number");
        return read.Read(row => new AppliedMigration((int)row.Number(0), row.Text(1)!, row.Text(2)!));
    }

    private static void Apply(sqlite3 db, Migration migration, DateTimeOffset now)
    {
        Run(db, migration.Script, migration.Name);
        using var note = new SqliteStatement(
            db, "insert into schema_version (number, name, checksum, applied_time) values (?1, ?2, ?3, ?4)");
        note.Bind(1, migration.Number).Bind(2, migration.Name).Bind(3, migration.Checksum)
            .Bind(4, now.ToUnixTimeMilliseconds()).Execute();
    }

    private static void Run(sqlite3 db, string sql, string name)
    {
        if (raw.sqlite3_exec(db, sql) == raw.SQLITE_OK) return;
        var (code, message) = (raw.sqlite3_extended_errcode(db), raw.sqlite3_errmsg(db).utf8_to_string());
        throw new LedgerStartException($"db: migration {name} failed: {SqliteErrors.Describe(code, message)}.");
    }
}
