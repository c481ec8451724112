using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Mall.Bench.Measuring;

namespace Mall.Bench.Reporting;

/// <summary>What a benchmark says when it has ended; its JSON form is what <c>--json</c> prints.</summary>
/// <param name="Command">The command line, so that whoever reads the figures can repeat them.</param>
/// <param name="Durability">What a success means: what is on disk when it is counted.</param>
/// <param name="Machine">Where it was measured.</param>
/// <param name="Measurements">Of one process; the medians when there were several.</param>
/// <param name="Runs">The reports of the processes, when there were several.</param>
sealed record Report(
    string Command,
    string Durability,
    Machine Machine,
    IReadOnlyList<Measurement> Measurements,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<Report>? Runs = null)
{
    static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public string ToJson() => JsonSerializer.Serialize(this, s_json);

    /// <exception cref="JsonException">It is not a report.</exception>
    public static Report FromJson(string json) =>
        JsonSerializer.Deserialize<Report>(json, s_json) ?? throw new JsonException("The report is null.");

    /// <summary>Several processes' reports as one: of each figure the median.</summary>
    public static Report MedianOf(IReadOnlyList<Report> runs) =>
        runs[0] with { Measurements = [.. runs[0].Measurements.Select(m => MedianOf(m.Name, runs))], Runs = runs };

    /// <summary>The lowest and the highest value of a figure among the runs; null when there was one run.</summary>
    public (double Lowest, double Highest)? Range(string measurement, string metric)
    {
        var values = Values(Runs ?? [], measurement, metric);
        return values.Length == 0 ? null : (values[0], values[^1]);
    }

    static Measurement MedianOf(string name, IReadOnlyList<Report> runs)
    {
        var all = runs.SelectMany(r => r.Measurements).Where(m => m.Name == name).ToList();
        var metrics = all[0].Metrics.Keys.ToDictionary(metric => metric, metric => Median.Of(Values(runs, name, metric)));
        var errors = all.SelectMany(m => m.Errors).GroupBy(e => e.Key).ToDictionary(e => e.Key, e => e.Sum(x => x.Value));
        return new Measurement(name, metrics, errors);
    }

    /// <summary>The figure in every run that has it, ascending.</summary>
    static double[] Values(IEnumerable<Report> runs, string measurement, string metric) =>
    [
        .. runs.SelectMany(r => r.Measurements)
            .Where(m => m.Name == measurement && m.Metrics.ContainsKey(metric))
            .Select(m => m.Metrics[metric])
            .Order(),
    ];
}
