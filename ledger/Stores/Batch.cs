using System.Runtime.InteropServices;

namespace Mall.Ledger.Stores;

/// <summary>
/// What one transaction writes: write sets of which no two touch the same row or the same barrier key, except that several may
/// add to one row. A store goes through it: <see cref="StartPass"/>; for each write set its barrier, then <see cref="Settle"/>
/// and, when it may go on, <see cref="Proceed"/>; then <see cref="Changes"/>. When it is refused it may look, and note what
/// committed rows say (<see cref="Find(int, CommitOutcome)"/>) and who has them locked (<see cref="HoldBack"/>).
/// </summary>
public sealed class Batch
{
    private readonly List<Entry> _entries = [];
    private readonly List<MergedChange> _changes = [];
    private readonly Dictionary<long, int> _places = []; // Where in _changes the row of a key is.

    /// <summary>Names the process that commits; new with each start.</summary>
    public string Committer { get; internal set; } = "";

    /// <summary>Increases with each batch; one that is tried again has not committed under its old number.</summary>
    public long Number { get; internal set; }

    /// <summary>The time that barrier rows and marks carry.</summary>
    public DateTimeOffset Time { get; internal set; }

    public int Count => _entries.Count;

    /// <summary>They have run into a lock before: the store looks before it writes, so that it does not wait again.</summary>
    public bool HasWaited { get; internal set; }

    /// <summary>How many of them are still to be written: see <see cref="IsOpen"/>.</summary>
    public int Open { get; private set; }

    /// <summary>How much was found out by looking; it grows.</summary>
    public int Findings { get; private set; }

    internal int Bytes { get; private set; }

    public WriteSet this[int index] => _entries[index].Pending.Writes;

    /// <summary>Forgets what an earlier pass came to; what was found stays.</summary>
    public void StartPass()
    {
        _changes.Clear();
        _places.Clear();
        foreach (ref var entry in CollectionsMarshal.AsSpan(_entries)) entry.Proceeds = false;
    }

    /// <summary>Whether it is still to be written: nothing was found that settles it, and nobody has its rows locked.</summary>
    public bool IsOpen(int index) => _entries[index] is { IsFound: false, HeldBackBy: ConflictKeys.None };

    /// <summary>Whether it undoes what has never happened, as far as is known: a refusal, or so a look has found.</summary>
    public bool ExpectsNull(int index) => _entries[index].Pending.ExpectsNull;

    /// <summary>Notes what becomes of the write set if the transaction commits.</summary>
    public void Settle(int index, CommitOutcome outcome) => (At(index).Outcome, At(index).Fault) = (outcome, null);

    /// <summary>Notes that the write set can never succeed: its author is told.</summary>
    public void Settle(int index, LedgerFaultException fault) => At(index).Fault = fault;

    /// <summary>The write set passed its barrier: its changes join <see cref="Changes"/>.</summary>
    public void Proceed(int index)
    {
        At(index).Proceeds = true;
        var (keys, changes) = (Pending(index).Keys, Pending(index).Writes.Changes);
        for (var i = 0; i < changes.Length; i++)
        {
            if (_places.TryAdd(keys[i + 1], _changes.Count)) _changes.Add(new MergedChange(changes[i], keys[i + 1]));
            else CollectionsMarshal.AsSpan(_changes)[_places[keys[i + 1]]].Add(changes[i]);
        }
    }

    /// <summary>What those that proceeded change, each row once.</summary>
    public ReadOnlySpan<MergedChange> Changes => CollectionsMarshal.AsSpan(_changes);

    /// <summary>Committed rows say by themselves what becomes of the write set: nothing has to be written for it.</summary>
    public void Find(int index, CommitOutcome outcome)
    {
        Settle(index, outcome);
        Close(index, isFound: true);
    }

    /// <inheritdoc cref="Settle(int, LedgerFaultException)"/>
    public void Find(int index, LedgerFaultException fault)
    {
        Settle(index, fault);
        Close(index, isFound: true);
    }

    /// <summary>Whether what the write set undoes has happened was found out, against what was expected.</summary>
    public void Expect(int index, bool isNull)
    {
        if (_entries[index].Pending.ExpectsNull == isNull) return;
        _entries[index].Pending.ExpectsNull = isNull;
        Findings++;
    }

    /// <summary>Another session has the row of this one of the <see cref="Changes"/> locked.</summary>
    public void HoldBack(int change)
    {
        foreach (var i in ContributorsOf(change))
        {
            At(i).HeldBackBy = _changes[change].Key;
            Close(i, isFound: false);
        }
    }

    /// <summary>The row of this one of the <see cref="Changes"/> is not as it demands: a conflict of all who take part.</summary>
    public void FindConflict(int change)
    {
        foreach (var i in ContributorsOf(change)) Find(i, CommitOutcome.Conflict);
    }

    internal PendingCommit Pending(int index) => _entries[index].Pending;

    internal CommitOutcome Outcome(int index) => _entries[index].Outcome;

    internal LedgerFaultException? Fault(int index) => _entries[index].Fault;

    internal bool IsFound(int index) => _entries[index].IsFound;

    /// <summary>The key of the row for which the write set is held back, or <see cref="ConflictKeys.None"/>.</summary>
    internal long HeldBackBy(int index) => _entries[index].HeldBackBy;

    internal void Clear()
    {
        _entries.Clear();
        (Bytes, Open, Findings, HasWaited) = (0, 0, 0, false);
    }

    internal void Add(PendingCommit pending)
    {
        _entries.Add(new Entry { Pending = pending });
        Bytes += pending.Bytes;
        Open++;
    }

    // Who shares the row but did not proceed has no part in it.
    private IEnumerable<int> ContributorsOf(int change)
    {
        for (var i = 0; i < _entries.Count; i++)
            if (_entries[i].Proceeds && IsOpen(i) && Pending(i).Keys.AsSpan(1).Contains(_changes[change].Key)) yield return i;
    }

    private void Close(int index, bool isFound)
    {
        At(index).IsFound = isFound;
        Findings++;
        Open--;
    }

    private ref Entry At(int index) => ref CollectionsMarshal.AsSpan(_entries)[index];

    private struct Entry
    {
        public PendingCommit Pending;
        public bool Proceeds;
        public bool IsFound;
        public long HeldBackBy;
        public CommitOutcome Outcome;
        public LedgerFaultException? Fault;
    }
}
