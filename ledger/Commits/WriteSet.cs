namespace Mall.Ledger;

/// <summary>What one caller wants committed in one transaction, all or nothing: row changes, and the barrier row that makes them
/// happen at most once. A write set without a barrier is protected by its guards alone.</summary>
/// <param name="Barrier">The effect's name, or null.</param>
/// <param name="Changes">The changes, each to a different row. May be empty.</param>
public sealed record WriteSet(BarrierKey? Barrier, params RowChange[] Changes)
{
    public WriteSet(params RowChange[] changes) : this(null, changes) { }

    /// <summary>Refuses the action that the barrier's op undoes: it never happens, by the marker rows of a null compensation,
    /// provided that the changes, which only guard, can be made: <see cref="CommitOutcome.NullCompensation"/>. When the action
    /// has happened it is <see cref="CommitOutcome.Duplicate"/>, and nothing is undone.</summary>
    public bool IsRefusal { get; init; }

    /// <summary>What its barrier row says as its time, where other rows of its own say the same; null: its batch's.</summary>
    public DateTimeOffset? Time { get; init; }
}

/// <summary>What became of a write set: durable knowledge, told after the commit that established it.</summary>
public enum CommitOutcome
{
    /// <summary>All changes and the barrier row are committed.</summary>
    Applied,

    /// <summary>The barrier row was there already: what it names was committed before, and nothing was changed now.</summary>
    Duplicate,

    /// <summary>A compensation whose action never happened: both marker rows are committed, nothing was undone.</summary>
    NullCompensation,

    /// <summary>An action that arrived after its compensation: nothing was changed, and it will never happen.</summary>
    Suspended,

    /// <summary>A guard or a unique key did not hold: nothing was changed. The writer's view of the row is out of date.</summary>
    Conflict,
}
