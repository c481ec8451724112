using System.Diagnostics;
using System.Text.Json;
using Mall.Bench.Hosting;

namespace Mall.Bench.Reporting;

/// <summary>
/// Runs this very command several times, each in a fresh process. The code that the just-in-time compiler settles on and where
/// memory comes to lie differ from process to process, by up to a factor of two in throughput: a longer run averages
/// over nothing, only other processes do.
/// </summary>
static class RepeatedRuns
{
    /// <param name="arguments">The command line without <c>--runs</c> and <c>--json</c>.</param>
    /// <param name="runs">How many processes, one after the other.</param>
    /// <exception cref="BenchmarkException">A process failed; it has said why on the error stream.</exception>
    public static async Task<IReadOnlyList<Report>> RunAsync(
        IReadOnlyList<string> arguments, int runs, ProgressDisplay display, CancellationToken cancellationToken)
    {
        var reports = new List<Report>(runs);
        for (var run = 1; run <= runs; run++)
        {
            display.Say($"Process {run} of {runs}");
            reports.Add(await RunOnceAsync(arguments, cancellationToken));
        }

        return reports;
    }

    static async Task<Report> RunOnceAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        using var process = Process.Start(StartInfo(arguments))
            ?? throw new BenchmarkException("The process did not start.");
        try
        {
            // Read to the end first: a process that writes into a full pipe never exits.
            var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == 0
                ? Report.FromJson(output)
                : throw new BenchmarkException($"The process ended with exit code {process.ExitCode}.");
        }
        catch (JsonException e)
        {
            throw new BenchmarkException($"The process wrote something else than a report: {e.Message}");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }

    /// <summary>The child's progress shows where the parent's would.</summary>
    static ProcessStartInfo StartInfo(IReadOnlyList<string> arguments)
    {
        var info = OwnProgram.Start([.. arguments, "--json"]);
        info.RedirectStandardOutput = true;
        return info;
    }
}
