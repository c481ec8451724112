namespace Mall.Bench.Hosting;

/// <summary>SQLite's settings in words.</summary>
static class SqliteSettings
{
    /// <summary>The levels of <c>pragma synchronous</c>. From FULL on a commit is on disk when it returns.</summary>
    public static string SynchronousLevel(string level) => level switch
    {
        "0" => "OFF",
        "1" => "NORMAL",
        "2" => "FULL",
        "3" => "EXTRA",
        _ => level,
    };
}
