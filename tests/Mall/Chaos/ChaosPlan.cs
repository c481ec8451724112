namespace Mall.Tests.Chaos;

/// <summary>What is done to a cluster.</summary>
public enum Deed
{
    /// <summary>A silo's process is killed, and started again.</summary>
    Kill,

    /// <summary>A silo's process is stopped for longer than its lease, and continued.</summary>
    Suspend,

    /// <summary>The database is stopped as for maintenance, and started again.</summary>
    RestartDatabase,

    /// <summary>The database's processes are killed, and it is started again.</summary>
    CrashDatabase,
}

/// <summary>One thing that is done.</summary>
/// <param name="At">When, from the start of the load.</param>
/// <param name="Silo">To which silo; none for the database.</param>
/// <param name="For">How long until it is undone.</param>
public sealed record ChaosStep(TimeSpan At, Deed Deed, int? Silo, TimeSpan For)
{
    public override string ToString() =>
        FormattableString.Invariant(
            $"{At.TotalSeconds,6:0.0} s  {Deed}{(Silo is { } silo ? $" silo {silo}" : "")}, for {For.TotalSeconds:0.0} s");
}

/// <summary>
/// What is done to a cluster and when: all of it from a seed, so that the same seed does the same again. Two silos may be away at
/// once, never all; nothing else happens around the database's restart, so that each of its effects has one cause.
/// </summary>
public static class ChaosPlan
{
    /// <param name="seed">Decides everything.</param>
    /// <param name="silos">How many there are, at least two.</param>
    /// <param name="length">Of the load; nothing is begun in its last eighth.</param>
    /// <param name="lease">How long a silo serves without its database's word.</param>
    public static IReadOnlyList<ChaosStep> Of(int seed, int silos, TimeSpan length, TimeSpan lease)
    {
        var dice = new Random(seed);
        var steps = new List<ChaosStep>();
        var freeAt = new TimeSpan[silos];
        var restartAt = length * Between(dice, 0.3, 0.6);
        var isRestarted = false;
        var now = TimeSpan.FromSeconds(Between(dice, 0.5, 2));
        while (now < length * 7 / 8)
        {
            var free = Enumerable.Range(0, silos).Where(silo => freeAt[silo] <= now).ToList();
            if (!isRestarted && now >= restartAt)
            {
                isRestarted = true;
                now = Max(now, freeAt.Max()) + TimeSpan.FromSeconds(1);
                steps.Add(new ChaosStep(
                    now, dice.Next(2) == 0 ? Deed.RestartDatabase : Deed.CrashDatabase, null, Seconds(dice, 0.2, 3)));
                now = now + steps[^1].For + TimeSpan.FromSeconds(4);
            }
            else if (free.Count > 1)
            {
                var silo = free[dice.Next(free.Count)];
                steps.Add(dice.Next(3) == 0
                    ? new ChaosStep(now, Deed.Suspend, silo, lease + Seconds(dice, 0.5, 3))
                    : new ChaosStep(now, Deed.Kill, silo, Seconds(dice, 0.1, 2)));
                freeAt[silo] = now + steps[^1].For + TimeSpan.FromSeconds(2);
            }

            now += Seconds(dice, 0.5, 3.5);
        }

        return steps;
    }

    private static TimeSpan Seconds(Random dice, double from, double to) => TimeSpan.FromSeconds(Between(dice, from, to));

    private static double Between(Random dice, double from, double to) => from + dice.NextDouble() * (to - from);

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
