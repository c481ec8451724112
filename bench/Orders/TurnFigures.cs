using Mall.Bench.Measuring;

namespace Mall.Bench.Orders;

/// <summary>Figures of orders that were placed in turns, by order.</summary>
static class TurnFigures
{
    /// <summary>Processor time of silos and front door together.</summary>
    public const string CpuOfMall = "cpuOfMallUs";
    public const string CpuOfSilos = "cpuOfSilosUs";
    public const string CpuOfDoor = "cpuOfFrontDoorUs";
    public const string CpuOfDatabase = "cpuOfDatabaseUs";

    public const string SlowestTurn = "slowestTurnPerSecond";
    public const string FastestTurn = "fastestTurnPerSecond";

    /// <param name="name">Of the measurement.</param>
    /// <param name="turns">At least one.</param>
    /// <param name="withMall">Whether there are processes of the mall.</param>
    public static Measurement From(string name, IReadOnlyList<Turn> turns, bool withMall)
    {
        var all = Measurement.From(name, [.. turns.Select(t => t.Result)]);
        var rates = turns.Select(t => t.Result.PerSecond).Order().ToArray();
        var finished = Math.Max(1, all.Metrics[Metric.Operations] + all.Metrics[Metric.Errors]);
        all = all.With(Metric.PerSecond, Median.Of(rates))
            .With(SlowestTurn, rates[0])
            .With(FastestTurn, rates[^1])
            .With(CpuOfDatabase, PerOrder(t => t.Database));
        return withMall
            ? all.With(CpuOfMall, PerOrder(t => t.Silos + t.Door))
                .With(CpuOfSilos, PerOrder(t => t.Silos))
                .With(CpuOfDoor, PerOrder(t => t.Door))
            : all;

        double PerOrder(Func<Turn, TimeSpan> spent) => turns.Sum(t => spent(t).TotalMicroseconds) / finished;
    }
}
