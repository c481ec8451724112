using Mall.Bench.Reporting;

namespace Mall.Bench;

/// <summary>What a benchmark has found.</summary>
/// <param name="Durability">What a success means: what is on disk when it is counted.</param>
sealed record Findings(string Durability, IReadOnlyList<Measurement> Measurements);

/// <summary>One command of the tool.</summary>
/// <param name="description">What it measures, for <c>--help</c>.</param>
abstract class Benchmark(string name, string description)
{
    protected abstract IEnumerable<Option> Options { get; }

    public Command ToCommand()
    {
        var command = new Command(name, description);
        foreach (var option in Options.Append(RunOptions.Json))
            command.Options.Add(option);
        command.SetAction(ExecuteAsync);
        return command;
    }

    /// <summary>Measures; says on the error stream what it does meanwhile.</summary>
    /// <exception cref="BenchmarkException">It cannot go on, or what it measured is not right.</exception>
    protected abstract Task<Findings> MeasureAsync(ParseResult options, CancellationToken cancellationToken);

    async Task<int> ExecuteAsync(ParseResult options, CancellationToken cancellationToken)
    {
        try
        {
            var findings = await MeasureAsync(options, cancellationToken);
            var command = string.Join(' ', Environment.GetCommandLineArgs()[1..]);
            var report = new Report(command, findings.Durability, Machine.Description(), findings.Measurements);
            await Console.Out.WriteAsync(options.GetValue(RunOptions.Json) ? report.ToJson() : report.ToText());
            return 0;
        }
        catch (BenchmarkException e)
        {
            await Console.Error.WriteLineAsync($"mall-bench {name}: {e.Message}");
            return 1;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return 130; // ended by Ctrl-C, as a shell says it
        }
    }
}
