using Microsoft.Data.Sqlite;

namespace Mall.Simulation;

/// <summary>What the rows alone show to be wrong; what that is stands in <c>watch.sql</c>.</summary>
public static class RowOracle
{
    private static readonly Query<Finding> s_now = WrongIn("wrong_now");
    private static readonly Query<Finding> s_inTheEnd = WrongIn("wrong_in_the_end");

    /// <summary>Begins to watch a database.</summary>
    /// <param name="ticks">The time that is noted.</param>
    /// <param name="silo">Whose transaction it is.</param>
    internal static void Watch(SqliteConnection connection, Func<long> ticks, Func<string> silo)
    {
        connection.CreateFunction("now_ticks", ticks);
        connection.CreateFunction("now_silo", silo);
        using var script = new StreamReader(typeof(RowOracle).Assembly.GetManifestResourceStream("watch.sql")!);
        using var command = connection.CreateCommand();
        command.CommandText = script.ReadToEnd();
        command.ExecuteNonQuery();
    }

    public static IReadOnlyList<Finding> During(SimulatedDatabase database) => database.Read(s_now);

    /// <summary>When all has come to rest.</summary>
    public static IReadOnlyList<Finding> After(SimulatedDatabase database) => database.Read(s_inTheEnd);

    private static Query<Finding> WrongIn(string view) => new($"select * from {view} limit 20", row => new(
        Enum.Parse<Invariant>(row.GetString(0)), $"{row.GetValue(1)}", row.GetString(2)));
}
