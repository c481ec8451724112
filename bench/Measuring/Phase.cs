using System.Diagnostics;
using Mall.Bench.Reporting;

namespace Mall.Bench.Measuring;

/// <summary>The callers of a phase, when all have ended, and what the process spent meanwhile.</summary>
sealed record PhaseResult(IReadOnlyList<Caller> Callers, TimeSpan Elapsed, TimeSpan Cpu, long AllocatedBytes)
{
    /// <summary>Successes a second.</summary>
    public double PerSecond => Callers.Sum(c => c.Successes) / Elapsed.TotalSeconds;
}

/// <summary>A stretch of time in which a number of callers do the same thing as often as they can.</summary>
/// <param name="Name">What the progress display shows.</param>
/// <param name="Callers">How many run at once.</param>
/// <param name="Body">One caller's loop; it runs while <see cref="Caller.GoesOn"/>.</param>
sealed record Phase(string Name, int Callers, Func<Caller, Task> Body)
{
    /// <summary>Runs it for a while without counting, then for the duration, counting.</summary>
    public async Task<PhaseResult> RunAsync(
        TimeSpan warmup, TimeSpan duration, ProgressDisplay display, CancellationToken cancellationToken)
    {
        if (warmup > TimeSpan.Zero)
            await RunAsync($"{Name} (warm-up)", warmup, display, cancellationToken);
        return await RunAsync(Name, duration, display, cancellationToken);
    }

    async Task<PhaseResult> RunAsync(
        string name, TimeSpan duration, ProgressDisplay display, CancellationToken cancellationToken)
    {
        // The histograms exist before the counters are read, and rubbish of earlier phases is gone: all that is counted is
        // this phase's own.
        var callers = Enumerable.Range(0, Callers).Select(i => new Caller(i)).ToArray();
        GC.Collect();
        GC.WaitForPendingFinalizers();

        using var process = Process.GetCurrentProcess();
        var cpu = process.TotalProcessorTime;
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var start = Stopwatch.GetTimestamp();
        foreach (var caller in callers)
            caller.Start(start, duration);

        using var stop = cancellationToken.Register(() => Array.ForEach(callers, c => c.Stop()));
        var ended = Task.WhenAll(callers.Select(caller => Task.Run(() => Body(caller))));
        await display.ShowAsync(name, duration, callers, ended);
        cancellationToken.ThrowIfCancellationRequested();

        var elapsed = Stopwatch.GetElapsedTime(start);
        process.Refresh();
        return new PhaseResult(
            callers, elapsed, process.TotalProcessorTime - cpu, GC.GetTotalAllocatedBytes(precise: true) - allocated);
    }
}
