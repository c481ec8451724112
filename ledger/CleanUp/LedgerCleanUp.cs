namespace Mall.Ledger;

/// <summary>Has old rows of the ledger removed sooner than by itself.</summary>
public static class LedgerCleanUp
{
    /// <summary>Moves the next round to a time. A conflict as long as no process has begun to look for due work.</summary>
    public static RowChange At(DateTimeOffset time) => DueWork.Reschedule(LedgerCleaner.KindOfWork, LedgerCleaner.Key, time);
}
