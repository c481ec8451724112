namespace Mall.Ledger.Sqlite;

/// <summary>Keeps the database file to one process, by a lock of the operating system on a file beside it, which is gone with the
/// process. SQLite's own locks would let a second process in, whose grains would then be doubles of the first's.</summary>
internal static class SqliteFileLock
{
    /// <returns>To be held, and closed. The file stays: if it were removed, a process that has just opened it would hold a lock
    /// on a file that nobody else sees.</returns>
    /// <exception cref="LedgerStartException">Another process has it, or the folder cannot be written to.</exception>
    public static FileStream Take(string databasePath)
    {
        if (Directory.Exists(databasePath)) throw new LedgerStartException($"db: {databasePath} is a folder; name a file in it.");
        var what = "its folder cannot be created";
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(databasePath)) is { } folder) Directory.CreateDirectory(folder);
            what = "nothing can be written beside it";
            return new FileStream(databasePath + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException failure) when (failure.HResult is 11 or 35 or unchecked((int)0x80070020))
        {
            // As Linux, macOS and Windows say it of a file that another process has locked.
            throw new LedgerStartException(
                $"db: {databasePath} is in use by another process, and an SQLite file serves one: stop that, or name another.",
                failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new LedgerStartException($"db: {databasePath}: {what}: {failure.Message}", failure);
        }
    }
}
