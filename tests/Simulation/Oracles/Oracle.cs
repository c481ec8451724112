namespace Mall.Simulation;

/// <summary>Judges a run by what rows have been (<c>watch.sql</c>), by what clients were told (<c>answers.sql</c>) and by what
/// the bank has (<c>money.sql</c>); nothing that the mall says about itself is believed.</summary>
public static class Oracle
{
    private static readonly Query<Finding> s_now = WrongIn("wrong_now");
    private static readonly Query<Finding> s_inTheEnd = WrongIn("wrong");
    private static readonly Query<Finding> s_late = WrongIn("late");
    private static readonly Query<long> s_unrest = ShortQueries.Number("select number from unrest");
    private static readonly Query<(string, long)> s_counts = new(
        "select * from counts", row => (row.GetString(0), row.GetInt64(1)));

    /// <summary>Begins to watch a database, by this clock; the silo is that whose transaction is being committed.</summary>
    internal static void Watch(SqliteConnection connection, Func<long> ticks, Func<string> silo)
    {
        connection.CreateFunction("now_ticks", ticks);
        connection.CreateFunction("now_silo", silo);
        foreach (var name in (string[])["watch.sql", "answers.sql", "money.sql"])
        {
            using var script = new StreamReader(typeof(Oracle).Assembly.GetManifestResourceStream(name)!);
            using var command = connection.CreateCommand();
            command.CommandText = script.ReadToEnd();
            command.ExecuteNonQuery();
        }
    }

    /// <summary>At whatever moment. Cheap enough for every few commits.</summary>
    public static IReadOnlyList<Finding> During(SimulatedDatabase database) => database.Read(s_now);

    /// <summary>Once nothing disturbs it any more and every saga has had time to end.</summary>
    /// <param name="isCalm">Nothing has ever gone wrong, but that rows were held.</param>
    public static IReadOnlyList<Finding> After(SimulatedDatabase database, bool isCalm) =>
        [.. database.Read(s_inTheEnd), .. isCalm ? database.Read(s_late) : []];
    public static bool IsAtRest(SimulatedDatabase database) => database.Read(s_unrest)[0] == 0;
    public static IReadOnlyList<(string What, long Count)> Counts(SimulatedDatabase database) => database.Read(s_counts);
    private static Query<Finding> WrongIn(string view) => new($"select * from {view} limit 20", row => new(
        Enum.Parse<Invariant>(row.GetString(0)), $"{row.GetValue(1)}", row.GetString(2)));
}

/// <summary>What must hold; see docs/architecture.md.</summary>
public enum Invariant
{
    Barrier, // An effect and its barrier row commit together, once.
    Fence, // Every write is fenced: epochs and versions only grow.
    StockConserved, // Stock is conserved, and never negative.
    MoneyConserved, // What the bank has taken is in paid orders or given back, and nobody else is believed.
    CompensationSucceeds, // Whatever was started of a saga that failed has been undone.
    NothingUndone, // A saga that succeeded has done all its branches, and none acts after its end.
    SagaSteps, // A saga goes through its statuses in their order.
    OrderSteps, // An order goes through its statuses in their order, and agrees with its saga.
    NothingLost, // What was acknowledged exists, as it was acknowledged.
    NothingTwice, // Nothing exists that nobody asked for, or twice.
    KeyForEver, // The same key gives the same answer, and another body is refused.
    RefusalTrue, // A refusal was true at some moment between request and answer.
    SagasEnd, // Every saga ends once nothing disturbs it.
    OneSickRow, // One sick row hurts nobody else; where nothing goes wrong, everybody is answered soon.
}

/// <summary>A broken invariant.</summary>
public sealed record Finding(Invariant Invariant, string Subject, string Sentence)
{
    public override string ToString() => $"{Invariant}: {Subject}: {Sentence}";
}
