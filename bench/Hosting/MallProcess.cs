namespace Mall.Bench.Hosting;

/// <summary>A process of the mall, as an operator starts it. The kernel kills it when this process ends, in any way.</summary>
sealed class MallProcess : IAsyncDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    readonly ServerProcess _process;
    bool _hasEnded;

    MallProcess(ServerProcess process) => _process = process;

    /// <summary>Starts it; it serves when this completes.</summary>
    /// <param name="build">Of which build.</param>
    /// <param name="greeting">What a line of its output holds when it serves.</param>
    /// <param name="settings">
    /// <c>MALL_NAME=value</c>, for its environment: settings that are not its own, older or newer, a build takes no notice of
    /// there. Those in this process's environment do not reach it.
    /// </param>
    /// <exception cref="BenchmarkException">It does not serve; the message holds what it said.</exception>
    public static async Task<MallProcess> StartAsync(MallBuild build, string greeting, params string[] settings)
    {
        var forget = Environment.GetEnvironmentVariables().Keys.Cast<string>()
            .Where(name => name.StartsWith("MALL_", StringComparison.OrdinalIgnoreCase))
            .SelectMany(name => new[] { "-u", name });
        var process = new MallProcess(ServerProcess.Start(
            [
                "setpriv", "--pdeathsig", "KILL", "env", .. forget, .. settings, .. build.Settings, "dotnet", build.Program,
            ],
            greeting));
        try
        {
            await process._process.WaitUntilReadyAsync(s_patience);
            return process;
        }
        catch (InvalidOperationException e)
        {
            await process.DisposeAsync();
            throw new BenchmarkException($"{build.Program}: {e.Message}");
        }
    }

    /// <inheritdoc cref="ServerProcess.ProcessorTimeAsync"/>
    public Task<TimeSpan> ProcessorTimeAsync() => _process.ProcessorTimeAsync();

    /// <summary>How much memory it has in use, as the kernel counts it.</summary>
    public async Task<double> ResidentMiBAsync()
    {
        using var process = System.Diagnostics.Process.GetProcessById(await _process.Id);
        return process.WorkingSet64 / (double)(1 << 20);
    }

    /// <summary>Asks it to end and waits for it.</summary>
    public async Task StopAsync()
    {
        await _process.SignalAsync("TERM", withChildren: false);
        await _process.WaitUntilEndedAsync(s_patience);
        _hasEnded = true;
    }

    /// <summary>Kills it if it has not ended.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_hasEnded)
            await _process.SignalAsync("KILL", withChildren: true);
    }
}
