namespace Mall.Ledger.Sqlite;

/// <summary>What SQLite's result codes mean here. All are extended codes; the lowest byte is the primary one.</summary>
internal sealed class SqliteErrors : StoreErrors
{
    public static readonly SqliteErrors Instance = new();

    public static bool IsUniqueViolation(SqliteException failure) =>
        failure.SqliteExtendedErrorCode is raw.SQLITE_CONSTRAINT_PRIMARYKEY or raw.SQLITE_CONSTRAINT_UNIQUE
            or raw.SQLITE_CONSTRAINT_ROWID;

    /// <summary>What a failed commit leaves open: busy, it has not begun; else nobody knows what is on the disk.</summary>
    public static StoreFailure OfCommit(int code) =>
        Primary(code) == raw.SQLITE_BUSY ? StoreFailure.NothingHappened : StoreFailure.OutcomeUnknown;

    public override bool IsFaultOfStatement(Exception failure) =>
        failure is SqliteException && Primary(CodeOf(failure)) is raw.SQLITE_ERROR or raw.SQLITE_CONSTRAINT
            or raw.SQLITE_MISMATCH or raw.SQLITE_RANGE or raw.SQLITE_TOOBIG or raw.SQLITE_MISUSE;

    public override string Describe(Exception failure) => Primary(CodeOf(failure)) switch
    {
        raw.SQLITE_FULL => "the disk is full",
        raw.SQLITE_IOERR => $"the disk failed ({failure.Message}, code {CodeOf(failure)})",
        raw.SQLITE_CORRUPT => $"the database file is damaged ({failure.Message}); restore it from a backup",
        raw.SQLITE_NOTADB => "the file is not an SQLite database",
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => "another program holds the database file locked",
        raw.SQLITE_READONLY => "the database file or its folder is read-only",
        raw.SQLITE_CANTOPEN => "the database file cannot be opened; look at its path, its folder and their permissions",
        raw.SQLITE_NOMEM => "SQLite is out of memory",
        _ => $"SQLite failed ({failure.Message}, code {CodeOf(failure)})",
    };

    protected override string Detail(Exception failure) => $"{failure.Message} (code {CodeOf(failure)})";

    private static int CodeOf(Exception failure) => ((SqliteException)failure).SqliteExtendedErrorCode;

    private static int Primary(int code) => code & 0xff;
}
