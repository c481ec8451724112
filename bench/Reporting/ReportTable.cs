using System.Globalization;
using Mall.Bench.Measuring;
using Spectre.Console;

namespace Mall.Bench.Reporting;

/// <summary>The report for people: a table of what was measured, then the single figures, the errors and the machine.</summary>
static class ReportTable
{
    static readonly (string Metric, string Heading)[] s_columns =
    [
        (Metric.PerSecond, "per second"),
        (Metric.P50, "p50"),
        (Metric.P99, "p99"),
        (Metric.P999, "p99.9"),
        (Metric.Max, "max"),
        (Metric.Errors, "errors"),
    ];

    /// <summary>Figures with a place of their own.</summary>
    static readonly string[] s_general =
    [
        .. s_columns.Select(c => c.Metric), Metric.Operations, Metric.Seconds,
        Metric.UnderWay, Metric.CpuPerOperation, Metric.BytesPerOperation,
    ];

    public static void WriteTo(IAnsiConsole console, Report report)
    {
        if (Console.IsOutputRedirected)
            console.Profile.Width = 160; // a file has no edge
        console.Write(Measured(report));
        foreach (var measurement in report.Measurements)
        {
            foreach (var line in Details(report, measurement))
                console.WriteLine($"{measurement.Name}: {line}");
        }

        if (report.Runs is { } runs)
            console.WriteLine($"Medians of {runs.Count} processes, errors of all.");
        console.WriteLine($"Durability: {report.Durability}");
        console.WriteLine($"Machine: {report.Machine}");
        console.WriteLine($"Command: {report.Command}");
    }

    /// <summary>What is too rare or too long for a column.</summary>
    static IEnumerable<string> Details(Report report, Measurement measurement)
    {
        if (measurement.Metrics.ContainsKey(Metric.PerSecond))
        {
            yield return $"{Cell(measurement, Metric.CpuPerOperation)} of processor time and "
                + $"{Cell(measurement, Metric.BytesPerOperation)} bytes allocated by this process an operation, "
                + $"{Cell(measurement, Metric.UnderWay)} under way on average";
        }

        foreach (var metric in measurement.Metrics.Keys.Except(s_general))
            yield return $"{metric} {Cell(measurement, metric)}";
        foreach (var metric in new[] { Metric.PerSecond, Metric.Ratio })
        {
            if (report.Range(measurement.Name, metric) is { } range)
                yield return $"{metric} from {Text(metric, range.Lowest)} to {Text(metric, range.Highest)}";
        }

        foreach (var (code, count) in measurement.Errors.OrderByDescending(e => e.Value))
            yield return $"{count.ToString("N0", CultureInfo.InvariantCulture)} errors {code}";
    }

    static Table Measured(Report report)
    {
        var rows = report.Measurements.Where(m => m.Metrics.ContainsKey(Metric.PerSecond)).ToList();
        var table = new Table { Border = TableBorder.Rounded }.AddColumn(new TableColumn("") { NoWrap = true });
        foreach (var (_, heading) in s_columns)
            table.AddColumn(new TableColumn(heading) { Alignment = Justify.Right, NoWrap = true });
        foreach (var row in rows)
            table.AddRow([row.Name, .. s_columns.Select(c => Cell(row, c.Metric))]);
        return table;
    }

    static string Cell(Measurement measurement, string metric) => Text(metric, measurement.Metrics.GetValueOrDefault(metric));

    static string Text(string metric, double value) => metric switch
    {
        _ when metric.EndsWith("Us", StringComparison.Ordinal) || metric == Metric.CpuPerOperation => Duration(value),
        Metric.Ratio or Metric.UnderWay => value.ToString("0.0", CultureInfo.InvariantCulture),
        _ when metric.Contains("PerWrite", StringComparison.Ordinal) => value.ToString("0.0", CultureInfo.InvariantCulture),
        _ => value.ToString("N0", CultureInfo.InvariantCulture),
    };

    static string Duration(double microseconds) => microseconds switch
    {
        < 1 => string.Create(CultureInfo.InvariantCulture, $"{microseconds * 1e3:0} ns"),
        < 1e3 => string.Create(CultureInfo.InvariantCulture, $"{microseconds:0.0} µs"),
        < 1e6 => string.Create(CultureInfo.InvariantCulture, $"{microseconds / 1e3:0.00} ms"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{microseconds / 1e6:0.00} s"),
    };
}
