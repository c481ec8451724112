using System.CommandLine;
using Mall.Bench.Measuring;
using Mall.Bench.Reporting;
using Spectre.Console;

namespace Mall.Bench;

/// <summary>
/// One command of the tool. What they share is here: the options of <see cref="RunOptions"/>, the runs in fresh processes, and
/// how the report is printed.
/// </summary>
/// <param name="name">The command's name.</param>
/// <param name="description">What it measures, for <c>--help</c>.</param>
abstract class Benchmark(string name, string description)
{
    readonly Command _command = new(name, description);

    /// <summary>What a success means: what is on disk when it is counted. Asked for after the run.</summary>
    protected abstract string Durability { get; }

    /// <summary>The command with its options and its action.</summary>
    public Command ToCommand()
    {
        foreach (var option in Options.Concat([RunOptions.Duration, RunOptions.Warmup, RunOptions.Runs, RunOptions.Json]))
            _command.Options.Add(option);
        _command.SetAction(ExecuteAsync);
        return _command;
    }

    /// <summary>The command's own options.</summary>
    protected abstract IEnumerable<Option> Options { get; }

    /// <summary>The option whose value is nobody's business and stays out of the report.</summary>
    protected virtual Option? Secret => null;

    /// <summary>Measures, in this process.</summary>
    /// <exception cref="BenchmarkException">It cannot go on, or what it measured is not right.</exception>
    protected abstract Task<IReadOnlyList<Measurement>> MeasureAsync(
        ParseResult options, ProgressDisplay display, CancellationToken cancellationToken);

    async Task<int> ExecuteAsync(ParseResult options, CancellationToken cancellationToken)
    {
        var display = ProgressDisplay.OnStandardError();
        try
        {
            var report = await ReportAsync(options, display, cancellationToken);
            if (options.GetValue(RunOptions.Json))
                await Console.Out.WriteLineAsync(report.ToJson());
            else
                ReportTable.WriteTo(AnsiConsole.Console, report);
            return 0;
        }
        catch (BenchmarkException e)
        {
            display.Say($"mall-bench {_command.Name}: {e.Message}");
            return 1;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return 130; // ended by Ctrl-C, as a shell says it
        }
    }

    async Task<Report> ReportAsync(ParseResult options, ProgressDisplay display, CancellationToken cancellationToken)
    {
        var runs = options.GetValue(RunOptions.Runs);
        if (runs > 1)
        {
            var reports = await RepeatedRuns.RunAsync(CommandLine(options, withSecret: true), runs, display, cancellationToken);
            return Report.MedianOf(reports);
        }

        var measurements = await MeasureAsync(options, display, cancellationToken);
        return new Report(string.Join(' ', CommandLine(options, withSecret: false)), Durability, Machine.This(), measurements);
    }

    /// <summary>What was typed, without what says how to repeat it and how to print it.</summary>
    List<string> CommandLine(ParseResult options, bool withSecret)
    {
        var own = new[] { RunOptions.Runs.Name, RunOptions.Json.Name };
        return
        [
            _command.Name,
            .. options.CommandResult.Children.OfType<System.CommandLine.Parsing.OptionResult>()
                .Where(o => !o.Implicit && !own.Contains(o.Option.Name) && (withSecret || o.Option != Secret))
                .SelectMany(o => o.Tokens.Select(t => t.Value).Prepend(o.Option.Name)),
        ];
    }
}
