namespace Mall.Ledger;

/// <summary>Rows that another session has locked, and the write sets that wait for each of them, in their order and out of
/// everybody else's way. After a pause one of them is tried; as long as the row stays locked the pauses grow, and when it is free
/// all go back to the queue. Not thread-safe: the committer's lock guards it.</summary>
internal sealed class Quarantine(TimeProvider time, Backoff backoff)
{
    private readonly Dictionary<long, Row> _rows = [];

    public int Count => IsEmpty ? 0 : _rows.Values.Sum(row => row.Waiting.Count);

    public bool IsEmpty => _rows.Count == 0;

    public IEnumerable<PendingCommit> All => _rows.Values.SelectMany(row => row.Waiting);

    /// <summary>How long until somebody may be tried again. Not when it is empty.</summary>
    public TimeSpan UntilNext => TimeSpan.FromTicks(Math.Max(0, -_rows.Values.Max(Overdue).Ticks));

    /// <summary>Notes that the row is locked, once more if it was before.</summary>
    /// <param name="key">One of <see cref="ConflictKeys"/>.</param>
    public void Hold(long key)
    {
        if (!_rows.TryGetValue(key, out var row)) _rows[key] = row = new Row();
        if (row.Failures > 0 && !row.IsTried) return; // Several of one batch have met it.
        (row.IsTried, row.Since, row.Pause) = (false, time.GetTimestamp(), backoff.After(++row.Failures));
    }

    /// <summary>Whether it wants a row that is held.</summary>
    public bool Concerns(PendingCommit pending) => RowOf(pending) is not null;

    /// <summary>Takes in whoever wants a row that is held; it leaves the queue that it may be in.</summary>
    public bool TryTakeIn(PendingCommit pending)
    {
        if (RowOf(pending) is not { } row) return false;
        if (pending.Queue == row.Waiting) return true;
        pending.LeaveQueue();
        row.Waiting.AddLast(pending.Place);
        return true;
    }

    /// <summary>The write sets of the row whose pause has been over longest: each gets its turn, however many there are and
    /// however often others are found locked. <see cref="EndTrial"/> follows. Not when it is empty.</summary>
    /// <param name="failures">How often the row was found locked until now.</param>
    public (IEnumerable<PendingCommit> Waiting, long Key, int Failures)? TryNext()
    {
        var (key, row) = _rows.MaxBy(held => Overdue(held.Value));
        if (Overdue(row) < TimeSpan.Zero) return null;
        row.IsTried = true;
        return (row.Waiting, key, row.Failures);
    }

    /// <summary>After a trial: unless the row was found locked again, whoever waits for it is free to go.</summary>
    public void EndTrial(long key, LinkedList<PendingCommit> queue)
    {
        if (!_rows.TryGetValue(key, out var row) || !row.IsTried) return;
        _rows.Remove(key);
        foreach (var pending in row.Waiting.ToList())
        {
            pending.LeaveQueue();
            if (!TryTakeIn(pending)) queue.AddLast(pending.Place);
        }
    }

    private TimeSpan Overdue(Row row) => time.GetElapsedTime(row.Since) - row.Pause;

    // Where most wait already: of those who wait for one row, one finds out for all, whatever else each of them wants.
    private Row? RowOf(PendingCommit pending)
    {
        if (IsEmpty) return null;
        Row? found = null;
        foreach (var key in pending.Keys)
            if (key != ConflictKeys.None && _rows.TryGetValue(key, out var row) && !(found?.Waiting.Count >= row.Waiting.Count))
                found = row;
        return found;
    }

    private sealed class Row
    {
        public LinkedList<PendingCommit> Waiting { get; } = [];
        public long Since { get; set; }
        public TimeSpan Pause { get; set; }
        public int Failures { get; set; }
        public bool IsTried { get; set; }
    }
}
