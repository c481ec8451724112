namespace Mall.TestFaults;

/// <summary>Where a commit is made to fail.</summary>
public enum FaultPoint
{
    /// <summary>The database is not reached: nothing happened, and everybody knows.</summary>
    BeforeTransaction,

    /// <summary>The commit is sent and lost: nothing happened, but nobody knows.</summary>
    BeforeCommit,

    /// <summary>The commit happens and its acknowledgement is lost: it happened, but nobody knows.</summary>
    AfterCommit,
}
