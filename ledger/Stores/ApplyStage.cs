namespace Mall.Ledger.Stores;

/// <summary>The points inside a transaction at which a test may make it fail.</summary>
public enum ApplyStage
{
    /// <summary>The barrier rows are written, the changes are not.</summary>
    BarriersWritten,

    /// <summary>Everything is written, the commit has not been attempted.</summary>
    BeforeCommit,
}
