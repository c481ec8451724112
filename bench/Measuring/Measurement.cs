namespace Mall.Bench.Measuring;

/// <summary>What was found of one contestant, or by comparing two.</summary>
/// <param name="Metrics">Figures by name, see <see cref="Metric"/>; every one is a number of the unit its name ends in.</param>
/// <param name="Errors">Failures by code.</param>
sealed record Measurement(string Name, IReadOnlyDictionary<string, double> Metrics, IReadOnlyDictionary<string, long> Errors)
{
    /// <summary>Several turns as one: of throughput the median; latencies and what was spent over all of them.</summary>
    public static Measurement Of(string name, IReadOnlyList<Turn> turns)
    {
        var callers = turns.SelectMany(t => t.Callers).ToList();
        var latencies = new Caller(0).Latencies;
        callers.ForEach(c => latencies.Add(c.Latencies));
        var errors = callers.SelectMany(c => c.Errors).GroupBy(e => e.Key).ToDictionary(e => e.Key, e => e.Sum(x => x.Value));
        var (failed, succeeded) = (errors.Values.Sum(), latencies.TotalCount);
        var rates = turns.Select(t => t.PerSecond).Order().ToArray();
        var metrics = new Dictionary<string, double>
        {
            [Metric.PerSecond] = Median(rates),
            [Metric.SlowestTurn] = rates[0],
            [Metric.FastestTurn] = rates[^1],
            [Metric.Operations] = succeeded,
            [Metric.Errors] = failed,
            [Metric.P50] = latencies.GetValueAtPercentile(50) / 1e3,
            [Metric.P99] = latencies.GetValueAtPercentile(99) / 1e3,
            [Metric.P999] = latencies.GetValueAtPercentile(99.9) / 1e3,
            [Metric.Max] = succeeded == 0 ? 0 : latencies.GetMaxValue() / 1e3,
        };
        foreach (var metric in turns[0].Spent.Keys)
            metrics[metric] = turns.Sum(t => t.Spent[metric].TotalMicroseconds) / Math.Max(1, succeeded + failed);
        return new Measurement(name, metrics, errors);
    }

    /// <summary>Figures that were not measured by callers.</summary>
    public static Measurement Figures(string name, IReadOnlyDictionary<string, double> metrics) =>
        new(name, metrics, new Dictionary<string, long>());

    /// <summary>How many times another's figures this one's are; of those that are worth it and that both have.</summary>
    public Measurement ComparedWith(Measurement other, params string[] metrics) => Figures(
        $"{Name} : {other.Name}",
        metrics.Where(m => Metrics.ContainsKey(m) && other.Metrics.ContainsKey(m))
            .ToDictionary(m => m + Metric.Ratio, m => Metrics[m] / other.Metrics[m]));

    /// <summary>Of an even number of values the mean of the two in the middle.</summary>
    public static double Median(IEnumerable<double> values)
    {
        var ascending = values.Order().ToArray();
        return (ascending[(ascending.Length - 1) / 2] + ascending[ascending.Length / 2]) / 2;
    }
}

/// <summary>The names of figures, as they stand in the JSON output.</summary>
static class Metric
{
    /// <summary>Successful operations a second, the median of the turns.</summary>
    public const string PerSecond = "perSecond";
    public const string SlowestTurn = "slowestTurnPerSecond";
    public const string FastestTurn = "fastestTurnPerSecond";

    public const string Operations = "operations";
    public const string Errors = "errors";

    /// <summary>Latency that half of the successes do not exceed, in microseconds.</summary>
    public const string P50 = "p50Us";
    public const string P99 = "p99Us";
    public const string P999 = "p999Us";
    public const string Max = "maxUs";

    /// <summary>Processor time of this process, all threads, by finished operation, in microseconds.</summary>
    public const string CpuOfTool = "cpuOfToolUs";

    /// <summary>The same of all processes of the mall, and of some of them; and of the database server's.</summary>
    public const string CpuOfMall = "cpuOfMallUs";
    public const string CpuOfSilos = "cpuOfSilosUs";
    public const string CpuOfDoor = "cpuOfFrontDoorUs";
    public const string CpuOfDatabase = "cpuOfDatabaseUs";

    /// <summary>What the name of a metric ends in when one's is divided by another's.</summary>
    public const string Ratio = "Ratio";
}
