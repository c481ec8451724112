using System.Runtime.InteropServices;

namespace Mall.Ledger.Stores;

/// <summary>
/// What one transaction writes: write sets of which no two touch the same row or the same barrier key, except that several may
/// add to one row. So their order is of no consequence, and a store may write them by kind instead of one by one.
/// A store goes through it like this: <see cref="StartPass"/>; for each write set that is no suspect, its barrier, then
/// <see cref="Settle"/> and, when it may go on, <see cref="Proceed"/>; then <see cref="Changes"/>. What fails is
/// marked with <see cref="Suspect"/>; then the transaction is rolled back and another pass made, which leaves
/// the suspects to the end and gives each a savepoint of its own.
/// </summary>
public sealed class Batch
{
    private readonly List<Entry> _entries = [];
    private readonly List<int> _slots = []; // For each change of each entry, in order: where in _changes it is added.
    private readonly List<MergedChange> _changes = [];

    /// <summary>Names the process that commits; new with each start.</summary>
    public string Committer { get; internal set; } = "";

    /// <summary>Increases with each batch; one that is tried again has not committed under its old number.</summary>
    public long Number { get; internal set; }

    /// <summary>The time that barrier rows and marks carry.</summary>
    public DateTimeOffset Time { get; internal set; }

    public int Count => _entries.Count;

    /// <summary>Write sets that failed in a pass, and that have to be tried alone.</summary>
    public int Suspects { get; private set; }

    internal int Bytes { get; private set; }

    /// <summary>Set by fault injection: called at each stage of the transaction, and makes it fail by throwing.</summary>
    internal Action<ApplyStage>? Probe { get; set; }

    /// <summary>A test looks in: the store must go through every <see cref="ApplyStage"/> and take no shorter way.</summary>
    internal bool IsProbed => Probe is not null;

    public WriteSet this[int index] => _entries[index].Pending.Writes;

    /// <summary>Says how far the transaction has come; throws when a test wants it to fail there.</summary>
    public void Reached(ApplyStage stage) => Probe?.Invoke(stage);

    /// <summary>Forgets what an earlier pass found, but for its suspects.</summary>
    public void StartPass()
    {
        foreach (ref var change in CollectionsMarshal.AsSpan(_changes)) change.Clear();
    }

    public bool IsSuspect(int index) => _entries[index].IsSuspect;

    public void Suspect(int index)
    {
        ref var entry = ref At(index);
        if (entry.IsSuspect) return;
        entry.IsSuspect = true;
        Suspects++;
    }

    /// <summary>Marks every write set that has a part in the change with this position in <see cref="Changes"/>.</summary>
    public void SuspectContributors(int change)
    {
        for (var i = 0; i < _entries.Count; i++)
        {
            var first = _entries[i].FirstSlot;
            if (_slots.IndexOf(change, first, _entries[i].Pending.Writes.Changes.Length) >= 0) Suspect(i);
        }
    }

    /// <summary>Notes what becomes of the write set if the transaction commits.</summary>
    public void Settle(int index, CommitOutcome outcome) => (At(index).Outcome, At(index).Fault) = (outcome, null);

    /// <summary>Notes that the write set can never succeed: its author is told.</summary>
    public void Settle(int index, LedgerFaultException fault) => At(index).Fault = fault;

    /// <summary>The write set passed its barrier: its changes join <see cref="Changes"/>.</summary>
    public void Proceed(int index)
    {
        var entry = _entries[index];
        var changes = entry.Pending.Writes.Changes;
        var merged = CollectionsMarshal.AsSpan(_changes);
        for (var i = 0; i < changes.Length; i++) merged[_slots[entry.FirstSlot + i]].Add(changes[i]);
    }

    /// <summary>What those that proceeded change, each row once. Those without contributors are to be skipped.</summary>
    public ReadOnlySpan<MergedChange> Changes => CollectionsMarshal.AsSpan(_changes);

    internal PendingCommit Pending(int index) => _entries[index].Pending;

    internal CommitOutcome Outcome(int index) => _entries[index].Outcome;

    internal LedgerFaultException? Fault(int index) => _entries[index].Fault;

    internal void Clear()
    {
        _entries.Clear();
        _slots.Clear();
        _changes.Clear();
        (Suspects, Bytes) = (0, 0);
    }

    /// <summary>Takes a write set in; <see cref="AddSlot"/> follows for each of its changes.</summary>
    internal void Add(PendingCommit pending)
    {
        _entries.Add(new Entry { Pending = pending, FirstSlot = _slots.Count });
        Bytes += pending.Bytes;
    }

    /// <summary>Says where the next change of the last write set goes: to a slot of its own, or to one that it shares.</summary>
    /// <returns>The slot.</returns>
    internal int AddSlot(int? shared = null)
    {
        if (shared is null) _changes.Add(default);
        var slot = shared ?? _changes.Count - 1;
        _slots.Add(slot);
        return slot;
    }

    private ref Entry At(int index) => ref CollectionsMarshal.AsSpan(_entries)[index];

    private struct Entry
    {
        public PendingCommit Pending;
        public int FirstSlot;
        public bool IsSuspect;
        public CommitOutcome Outcome;
        public LedgerFaultException? Fault;
    }
}
