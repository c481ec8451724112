namespace Mall.Ledger.Stores;

/// <summary>What one transaction writes: write sets of which no two touch the same row or the same barrier key, except that
/// several may add to one row. A store goes through it: <see cref="StartPass"/>; for each write set its barrier, then what
/// becomes of it (<see cref="PendingCommit.Settle"/>) and, when it may go on, <see cref="Proceed"/>; then <see cref="Changes"/>.
/// When it is refused it may look, and note what committed rows say (<see cref="Find"/>) and who has them locked (<see
/// cref="HoldBack"/>).</summary>
public sealed class Batch
{
    private readonly List<PendingCommit> _pending = [];
    private readonly List<MergedChange> _changes = [];
    private readonly Dictionary<long, int> _places = []; // Where in _changes the row of a key is.

    /// <summary>Names the process that commits; new with each start.</summary>
    public string Committer { get; internal set; } = "";

    /// <summary>Increases with each batch; one that is tried again has not committed under its old number.</summary>
    public long Number { get; internal set; }

    /// <summary>The time that barrier rows and marks carry.</summary>
    public DateTimeOffset Time { get; internal set; }

    public int Count => _pending.Count;

    /// <summary>They have run into a lock before: the store looks before it writes, so that it does not wait again.</summary>
    public bool HasWaited { get; internal set; }

    /// <summary>How many of them are still to be written: see <see cref="PendingCommit.IsOpen"/>.</summary>
    public int Open => _pending.Count(pending => pending.IsOpen);

    /// <summary>How much was found out by looking; it grows.</summary>
    public int Findings { get; private set; }

    internal int Bytes { get; private set; }

    public WriteSet this[int index] => _pending[index].Writes;

    internal IReadOnlyList<PendingCommit> Pending => _pending;

    /// <summary>What those that proceeded change, each row once.</summary>
    internal ReadOnlySpan<MergedChange> Changes => CollectionsMarshal.AsSpan(_changes);

    /// <summary>Forgets what an earlier pass over some of them came to; what was found stays.</summary>
    internal void StartPass(IReadOnlyList<PendingCommit> some)
    {
        _changes.Clear();
        _places.Clear();
        foreach (var pending in some) pending.Proceeds = false;
    }

    /// <summary>The write set passed its barrier: its changes join <see cref="Changes"/>.</summary>
    internal void Proceed(PendingCommit pending)
    {
        pending.Proceeds = true;
        var (keys, changes) = (pending.Keys, pending.Writes.Changes);
        for (var i = 0; i < changes.Length; i++)
        {
            if (_places.TryAdd(keys[i + 1], _changes.Count)) _changes.Add(new MergedChange(changes[i], keys[i + 1]));
            else CollectionsMarshal.AsSpan(_changes)[_places[keys[i + 1]]].Add(changes[i]);
        }
    }

    /// <summary>Committed rows say what becomes of the write set, or it is a fault: nothing is written for it.</summary>
    internal void Find(PendingCommit pending, CommitOutcome outcome, LedgerFaultException? fault = null)
    {
        pending.Settle(outcome, fault);
        pending.IsFound = true;
        Findings++;
    }

    /// <summary>Whether what the write set undoes has happened was found out, against what was expected.</summary>
    internal void Expect(PendingCommit pending, bool isNull)
    {
        if (pending.ExpectsNull == isNull) return;
        pending.ExpectsNull = isNull;
        Findings++;
    }

    /// <summary>Another session has the row of this one of the <see cref="Changes"/> locked.</summary>
    internal void HoldBack(int change)
    {
        foreach (var pending in ContributorsOf(change))
        {
            pending.HeldBackBy = _changes[change].Key;
            Findings++;
        }
    }

    /// <summary>The row of this one of the <see cref="Changes"/> is not as it demands: a conflict of all who take part.</summary>
    internal void FindConflict(int change)
    {
        foreach (var pending in ContributorsOf(change)) Find(pending, CommitOutcome.Conflict);
    }

    internal void Clear()
    {
        _pending.Clear();
        (Bytes, Findings, HasWaited) = (0, 0, false);
    }

    internal void Add(PendingCommit pending)
    {
        pending.Join();
        _pending.Add(pending);
        Bytes += pending.Bytes;
    }

    // Who shares the row but did not proceed has no part in it.
    private IEnumerable<PendingCommit> ContributorsOf(int change) => _pending.Where(pending =>
        pending is { Proceeds: true, IsOpen: true } && pending.Keys.AsSpan(1).Contains(_changes[change].Key));
}
