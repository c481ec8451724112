namespace Mall.Simulation;

/// <summary>Somebody who holds rows, and waits for more of them.</summary>
/// <param name="keys">In the order in which everybody takes them, so that nobody waits in a circle.</param>
internal sealed class LockHolder(IReadOnlyList<string> keys)
{
    public IReadOnlyList<string> Keys => keys;

    /// <summary>How many of them it holds, from the first on.</summary>
    public int Held { get; set; }

    public bool HasLeft { get; set; }

    /// <summary>Called once, when it holds all.</summary>
    public Action Ready { get; init; } = () => { };

    /// <summary>Called each time when it has to wait.</summary>
    public Action Waits { get; init; } = () => { };
}

/// <summary>
/// The row locks of a database, which last until the end of the transaction. Who waits for one keeps those that it has, as on a
/// real server: so one locked row can hold up others.
/// </summary>
internal sealed class RowLocks
{
    private readonly Dictionary<string, LockHolder> _holders = [];
    private readonly Dictionary<string, Queue<LockHolder>> _waiting = [];

    /// <summary>A row's name among locks.</summary>
    public static string Row(string table, string key) => $"{table}\0{key}";

    /// <summary>The primary keys of a table's rows that somebody holds.</summary>
    public IEnumerable<string> HeldOf(string table) =>
        from key in _holders.Keys where key.StartsWith(table + '\0', StringComparison.Ordinal) select key[(table.Length + 1)..];

    public void Enter(LockHolder holder)
    {
        for (; holder.Held < holder.Keys.Count; holder.Held++)
        {
            var key = holder.Keys[holder.Held];
            if (_holders.TryAdd(key, holder)) continue;
            if (!_waiting.TryGetValue(key, out var queue)) _waiting.Add(key, queue = new());
            queue.Enqueue(holder);
            holder.Waits();
            return;
        }

        holder.Ready();
    }

    public void Leave(LockHolder holder)
    {
        if (holder.HasLeft) return;
        holder.HasLeft = true;
        foreach (var key in holder.Keys.Take(holder.Held)) _holders.Remove(key);
        foreach (var key in holder.Keys.Take(holder.Held)) Pass(key);
    }

    private void Pass(string key)
    {
        if (!_waiting.TryGetValue(key, out var queue)) return;
        while (queue.TryDequeue(out var next))
        {
            if (next.HasLeft) continue;
            if (queue.Count == 0) _waiting.Remove(key);
            Enter(next);
            return;
        }

        _waiting.Remove(key);
    }
}
