namespace Mall.Bench.Measuring;

/// <summary>What one phase of a benchmark found.</summary>
/// <param name="Name">The phase, the same in every run, so that runs can be compared.</param>
/// <param name="Metrics">Figures by name, see <see cref="Metric"/>; every one is a number of the unit its name ends in.</param>
/// <param name="Errors">Failures by code.</param>
sealed record Measurement(string Name, IReadOnlyDictionary<string, double> Metrics, IReadOnlyDictionary<string, long> Errors)
{
    /// <summary>A figure that was computed from others and not measured by callers, such as a ratio.</summary>
    public static Measurement Figure(string name, string metric, double value) =>
        new(name, new Dictionary<string, double> { [metric] = value }, new Dictionary<string, long>());

    /// <summary>This one with a figure more.</summary>
    public Measurement With(string metric, double value) =>
        this with { Metrics = new Dictionary<string, double>(Metrics) { [metric] = value } };

    /// <summary>Several phases of one kind taken as one: the callers of all of them over the sum of their times.</summary>
    public static Measurement From(string name, IReadOnlyCollection<PhaseResult> phases)
    {
        var latencies = new LatencyHistogram();
        var errors = new SortedDictionary<string, long>(StringComparer.Ordinal);
        foreach (var caller in phases.SelectMany(p => p.Callers))
        {
            latencies.Add(caller.Latencies);
            foreach (var (code, count) in caller.ErrorsByCode)
                errors[code] = errors.GetValueOrDefault(code) + count;
        }

        var seconds = phases.Sum(p => p.Elapsed.TotalSeconds);
        var finished = Math.Max(1, latencies.Count + errors.Values.Sum());
        var metrics = new Dictionary<string, double>
        {
            [Metric.PerSecond] = latencies.Count / seconds,
            [Metric.P50] = Microseconds(0.5),
            [Metric.P99] = Microseconds(0.99),
            [Metric.P999] = Microseconds(0.999),
            [Metric.Max] = latencies.Max / 1e3,
            [Metric.UnderWay] = latencies.Mean * latencies.Count / 1e9 / seconds,
            [Metric.Operations] = latencies.Count,
            [Metric.Errors] = errors.Values.Sum(),
            [Metric.Seconds] = seconds,
            [Metric.CpuPerOperation] = phases.Sum(p => p.Cpu.TotalMicroseconds) / finished,
            [Metric.BytesPerOperation] = phases.Sum(p => p.AllocatedBytes) / (double)finished,
        };
        return new Measurement(name, metrics, errors);

        double Microseconds(double share) => latencies.Percentile(share) / 1e3;
    }
}

/// <summary>The names of figures, as they stand in the JSON output.</summary>
static class Metric
{
    /// <summary>Successful operations a second.</summary>
    public const string PerSecond = "perSecond";

    /// <summary>Latency that half of the successes do not exceed, in microseconds.</summary>
    public const string P50 = "p50Us";
    public const string P99 = "p99Us";
    public const string P999 = "p999Us";

    /// <summary>The longest latency, in microseconds.</summary>
    public const string Max = "maxUs";

    /// <summary>
    /// Successful operations under way at a time, on average, by Little's law. Much less than there are callers means that some
    /// of them hardly came to call.
    /// </summary>
    public const string UnderWay = "underWay";

    /// <summary>Successful operations.</summary>
    public const string Operations = "operations";

    /// <summary>Failed operations.</summary>
    public const string Errors = "errors";

    public const string Seconds = "seconds";

    /// <summary>Processor time of this process, all threads, by finished operation, in microseconds.</summary>
    public const string CpuPerOperation = "cpuUsPerOperation";

    /// <summary>Bytes allocated by this process, all of them, by finished operation.</summary>
    public const string BytesPerOperation = "bytesPerOperation";

    /// <summary>One measurement's throughput divided by another's.</summary>
    public const string Ratio = "ratio";
}
