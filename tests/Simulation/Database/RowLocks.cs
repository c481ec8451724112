namespace Mall.Simulation;

/// <summary>
/// The row locks of a database, which last until the end of the transaction. Who waits for one keeps those that it has, as on a
/// real server: so one locked row can hold up others.
/// </summary>
internal sealed class RowLocks
{
    private readonly Dictionary<string, Queue<TaskCompletionSource>> _held = []; // and who waits for each, in turn

    /// <summary>A row's name among locks.</summary>
    public static string Row(string table, params object[] key) => $"{table}\0{string.Join('\0', key)}";

    /// <summary>The primary keys of a table's rows that somebody holds.</summary>
    public IEnumerable<string> HeldOf(string table) =>
        from key in _held.Keys where key.StartsWith(table + '\0', StringComparison.Ordinal) select key[(table.Length + 1)..];

    /// <returns>Completes when the caller holds it. Whoever waits no longer cancels it.</returns>
    public TaskCompletionSource Take(string key)
    {
        var turn = new TaskCompletionSource();
        if (_held.TryGetValue(key, out var waiting)) waiting.Enqueue(turn);
        else turn.SetResult();
        _held.TryAdd(key, new());
        return turn;
    }

    public void Release(string key)
    {
        while (_held[key].TryDequeue(out var next))
            if (next.TrySetResult()) return;
        _held.Remove(key);
    }
}
