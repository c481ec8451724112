using System.Diagnostics;

namespace Mall.Tests.Chaos;

/// <summary>Does to a cluster what a plan says.</summary>
public sealed class ChaosRun(ClusterInstallation cluster, Takeovers takeovers, Action<string> note)
{
    private readonly long _start = Stopwatch.GetTimestamp();

    /// <summary>Does all of it and undoes all of it: afterwards every silo runs, and so does the database.</summary>
    public Task PlayAsync(IEnumerable<ChaosStep> plan, CancellationToken stop) =>
        Task.WhenAll(plan.GroupBy(step => step.Silo).Select(one => InTurnAsync(one, stop)));

    /// <summary>
    /// What is done to one silo, one thing after the other; a thing that takes longer than planned delays the next.
    /// </summary>
    private async Task InTurnAsync(IEnumerable<ChaosStep> steps, CancellationToken stop)
    {
        foreach (var step in steps)
        {
            var wait = step.At - Stopwatch.GetElapsedTime(_start);
            if (wait > TimeSpan.Zero) await Task.Delay(wait, stop);
            Note($"{step.Deed}{(step.Silo is { } silo ? $" silo {silo}" : "")}");
            await (step.Silo is { } number ? EndSiloAsync(step, number, stop) : EndDatabaseAsync(step, stop));
            Note($"{step.Deed}{(step.Silo is { } again ? $" silo {again}" : "")} is over");
        }
    }

    private async Task EndSiloAsync(ChaosStep step, int number, CancellationToken stop)
    {
        var silo = cluster.Silo(number);
        var isKill = step.Deed == Deed.Kill;
        var ended = new TaskCompletionSource();
        var takeover = takeovers.MeasureAsync(step.Deed, EndAsync, stop);
        if (await Task.WhenAny(ended.Task, takeover) == takeover)
            await takeover;
        using (takeovers.Trouble())
        {
            await Task.Delay(step.For, stop);
            if (isKill) await cluster.StartAgainAsync(number, stop);
            else silo.Continue();
        }

        await takeover;

        async Task EndAsync()
        {
            if (isKill) await silo.KillAsync();
            else silo.Suspend();
            ended.SetResult();
        }
    }

    private async Task EndDatabaseAsync(ChaosStep step, CancellationToken stop)
    {
        using var trouble = takeovers.Trouble();
        await (step.Deed == Deed.CrashDatabase ? cluster.Server.KillAsync() : cluster.Server.StopAsync());
        await Task.Delay(step.For, stop);
        await cluster.Server.StartAgainAsync();
    }

    private void Note(string what) =>
        note(FormattableString.Invariant($"{Stopwatch.GetElapsedTime(_start).TotalSeconds,6:0.0} s  {what}"));
}
