using Microsoft.Data.Sqlite;

namespace Mall.Simulation;

/// <summary>
/// Judges a run by what rows have been (<c>watch.sql</c>) and by what clients were told (<c>answers.sql</c>); nothing that the
/// mall says about itself is believed.
/// </summary>
public static class Oracle
{
    private static readonly Query<Finding> s_now = WrongIn("wrong_now");
    private static readonly Query<Finding> s_inTheEnd = WrongIn("wrong_in_the_end");
    private static readonly Query<Finding> s_answers = WrongIn("wrong_answers");
    private static readonly Query<Finding> s_late = WrongIn("late");

    private static readonly Query<(long, long, long)> s_products = new(
        "select id, (select stock + sold from seen_products s where s.id = p.id limit 1), stock + sold from products p",
        row => (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)));

    private static readonly Query<(long Product, string Key, long Delta)> s_adjusted = new(
        "select product, key, delta from adjusted", row => (row.GetInt64(0), row.GetString(1), row.GetInt64(2)));

    /// <summary>Begins to watch a database.</summary>
    /// <param name="ticks">The time that is noted.</param>
    /// <param name="silo">Whose transaction it is.</param>
    internal static void Watch(SqliteConnection connection, Func<long> ticks, Func<string> silo)
    {
        connection.CreateFunction("now_ticks", ticks);
        connection.CreateFunction("now_silo", silo);
        foreach (var name in (string[])["watch.sql", "answers.sql"])
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
    [
        .. database.Read(s_inTheEnd), .. database.Read(s_answers), .. Stock(database), .. isCalm ? database.Read(s_late) : [],
    ];

    /// <summary>
    /// Replays what sellers were told: what a product was made with, and every adjustment, is what is on hand or sold now.
    /// </summary>
    private static IEnumerable<Finding> Stock(SimulatedDatabase database)
    {
        var adjusted = database.Read(s_adjusted).ToLookup(one => one.Product);
        foreach (var (id, initial, now) in database.Read(s_products))
        {
            var sums = adjusted[id].GroupBy(one => one.Key).Aggregate(new HashSet<long> { initial }, (sums, deltas) =>
                [.. from sum in sums from one in deltas select sum + one.Delta]);
            if (!sums.Contains(now))
                yield return new(Invariant.StockConserved, $"product {id}",
                    $"{now} are on hand or sold, and what was acknowledged comes to {string.Join(" or ", sums.Order().Take(5))}");
        }
    }

    private static Query<Finding> WrongIn(string view) => new($"select * from {view} limit 20", row => new(
        Enum.Parse<Invariant>(row.GetString(0)), $"{row.GetValue(1)}", row.GetString(2)));
}
