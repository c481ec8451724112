namespace Mall.Simulation;

/// <summary>Everybody who judges a run.</summary>
public static class Oracle
{
    /// <summary>Of a moment in the run: what the rows alone show. Cheap enough to be asked every few commits.</summary>
    public static IReadOnlyList<Finding> During(SimulatedDatabase database) => [.. RowOracle.During(database)];

    /// <summary>Once nothing disturbs it any more and every saga has had time to end.</summary>
    public static IReadOnlyList<Finding> After(SimulatedDatabase database, Journal journal, Reservations reservations) =>
    [
        .. RowOracle.After(database),
        .. new AnswerOracle(database, journal).After(),
        .. new StockModel(database, journal).After(),
        .. new RefusalOracle(database, journal, reservations).After(),
    ];

    /// <summary>Of a run in which nothing goes wrong: nobody is turned away, or waits, for what another asks.</summary>
    public static IEnumerable<Finding> Unanswered(Journal journal) =>
        from entry in journal.Entries
        where entry.Answer is null
        select new Finding(Invariant.EverybodyAnswered, entry.What.Key ?? entry.Client, $"{entry} had no answer");

    /// <summary>
    /// Of a run in which nothing else went wrong: while somebody held a product's row, orders of other products were answered
    /// within that time.
    /// </summary>
    public static IEnumerable<Finding> OneSickRow(
        SimulatedDatabase database, Journal journal, TimeSpan within, DateTimeOffset end) =>
        from held in database.StrangersLocks
        where held.Table == "products"
        from entry in journal.Entries
        where entry.At >= held.From && entry.At <= held.To && (entry.AnsweredAt ?? end) - entry.At > within
        where entry.What is OrderAsked order && order.Lines.All(line => $"{line.ProductId}" != held.Key)
        select new Finding(
            Invariant.OneSickRow, $"product {held.Key}",
            $"somebody held its row from {held.From:HH:mm:ss.fff} to {held.To:HH:mm:ss.fff}, and {entry} waited until "
            + $"{entry.AnsweredAt:HH:mm:ss.fff}");
}
