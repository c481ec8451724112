using System.Text.Encodings.Web;

namespace Mall.Bench.Reporting;

/// <summary>What a benchmark says when it has ended; its JSON form is what <c>--json</c> prints.</summary>
/// <param name="Command">The command line, so that whoever reads the figures can repeat them.</param>
/// <param name="Durability">What a success means: what is on disk when it is counted.</param>
sealed record Report(string Command, string Durability, string Machine, IReadOnlyList<Measurement> Measurements)
{
    static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Figures with a column; the others stand below, a line each.</summary>
    static readonly (string Metric, string Heading)[] s_columns =
    [
        (Metric.PerSecond, "per second"), (Metric.P50, "p50"), (Metric.P99, "p99"), (Metric.P999, "p99.9"), (Metric.Max, "max"),
        (Metric.CpuOfMall, "CPU of mall"), (Metric.CpuOfTool, "of this tool"), (Metric.Errors, "errors"),
    ];

    public string ToJson() => JsonSerializer.Serialize(this, s_json) + '\n';

    /// <exception cref="JsonException">It is not a report.</exception>
    public static Report FromJson(string json) => JsonSerializer.Deserialize<Report>(json, s_json)!;

    public string ToText()
    {
        var text = new StringBuilder();
        var rows = Measurements.Where(m => m.Metrics.ContainsKey(Metric.PerSecond)).ToList();
        if (rows.Count > 0)
            Row("", s_columns.Select(c => c.Heading));
        foreach (var row in rows)
            Row(row.Name, s_columns.Select(c => row.Metrics.TryGetValue(c.Metric, out var value) ? Figure(c.Metric, value) : ""));
        foreach (var measurement in Measurements)
        {
            var details = measurement.Metrics.Where(m => !rows.Contains(measurement) || !s_columns.Any(c => c.Metric == m.Key))
                .Select(m => $"{m.Key} {Figure(m.Key, m.Value)}")
                .Concat(measurement.Errors.Select(e => $"{Figure("", e.Value)} errors {e.Key}"));
            text.AppendLine(CultureInfo.InvariantCulture, $"{measurement.Name}: {string.Join(", ", details)}");
        }

        return text.Append(CultureInfo.InvariantCulture, $"Durability: {Durability}\nMachine: {Machine}\nCommand: {Command}\n")
            .ToString();

        void Row(string name, IEnumerable<string> cells) =>
            text.Append(name.PadRight(32)).AppendJoin("", cells.Select(c => c.PadLeft(13))).AppendLine();
    }

    static string Figure(string metric, double value) => metric switch
    {
        _ when metric.EndsWith("Us", StringComparison.Ordinal) => Duration(value),
        _ when metric.EndsWith(Metric.Ratio, StringComparison.Ordinal) => value.ToString("0.00", CultureInfo.InvariantCulture),
        _ => value.ToString("N0", CultureInfo.InvariantCulture),
    };

    static string Duration(double microseconds) => microseconds switch
    {
        < 1e3 => $"{microseconds:0.0} µs",
        < 1e6 => $"{microseconds / 1e3:0.00} ms",
        _ => $"{microseconds / 1e6:0.00} s",
    };
}
