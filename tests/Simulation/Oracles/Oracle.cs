namespace Mall.Simulation;

/// <summary>Everybody who judges a run.</summary>
public static class Oracle
{
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_start = TimeSpan.FromSeconds(30); // Until silos and front doors know each other.

    /// <summary>Once nothing disturbs it any more and every saga has had time to end.</summary>
    public static IReadOnlyList<Finding> After(
        SimulatedDatabase database, Journal journal, Reservations reservations, FaultPlan plan) =>
    [
        .. RowOracle.After(database),
        .. new AnswerOracle(database, journal).After(),
        .. new RefusalOracle(database, journal, reservations).After(),
        .. plan.IsCalm ? Late(database.StrangersLocks, journal.Entries) : [],
    ];

    /// <summary>
    /// Where nothing goes wrong but that somebody holds products' rows now and then, everybody is answered soon who wants none of
    /// these products.
    /// </summary>
    private static IEnumerable<Finding> Late(
        List<(string Table, string Key, DateTimeOffset From, DateTimeOffset To)> locks, List<Entry> entries) =>
        from entry in entries
        where entry.At - entries[0].At > s_start && (entry.AnsweredAt is not { } at || at - entry.At > s_soon)
        where !locks.Exists(held => held.From <= (entry.AnsweredAt ?? entry.At + s_soon) && held.To + s_soon >= entry.At
            && entry.What.Products?.Any(product => $"{product}" == held.Key) != false)
        select new Finding(
            Invariant.OneSickRow, entry.What.Key ?? entry.Client, $"{entry} was answered at {entry.AnsweredAt:HH:mm:ss.fff}");
}
