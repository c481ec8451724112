using Mall.TestServers;

namespace Mall.Bench.Clusters;

/// <summary>
/// A process of the mall, as an operator starts it. The kernel kills it when this process ends, however that happens.
/// </summary>
sealed class MallProcess : IAsyncDisposable
{
    static readonly TimeSpan s_startsWithin = TimeSpan.FromSeconds(60);
    static readonly TimeSpan s_endsWithin = TimeSpan.FromSeconds(60);

    readonly ServerProcess _process;
    bool _hasEnded;

    MallProcess(ServerProcess process) => _process = process;

    /// <summary>Starts it; it serves when this completes.</summary>
    /// <param name="settings">Its command line. Settings in this process's environment do not reach it.</param>
    /// <param name="greeting">What a line of its output holds when it serves.</param>
    /// <exception cref="BenchmarkException">It does not serve; the message holds what it said.</exception>
    public static async Task<MallProcess> StartAsync(IEnumerable<string> settings, string greeting)
    {
        var forget = Environment.GetEnvironmentVariables().Keys.Cast<string>()
            .Where(name => name.StartsWith("MALL_", StringComparison.OrdinalIgnoreCase))
            .SelectMany(name => new[] { "-u", name });
        var program = Path.Combine(AppContext.BaseDirectory, "Mall.Silo.dll");
        var process = new MallProcess(ServerProcess.Start(
            ["setpriv", "--pdeathsig", "KILL", "env", .. forget, "dotnet", program, .. settings], greeting));
        try
        {
            await process._process.WaitUntilReadyAsync(s_startsWithin);
            return process;
        }
        catch (InvalidOperationException e)
        {
            await process._process.SignalAsync("KILL", withChildren: true);
            throw new BenchmarkException(e.Message);
        }
    }

    /// <inheritdoc cref="ServerProcess.ProcessorTimeAsync"/>
    public Task<TimeSpan> ProcessorTimeAsync() => _process.ProcessorTimeAsync();

    /// <summary>Asks it to end and waits for it.</summary>
    public async Task StopAsync()
    {
        await _process.SignalAsync("TERM", withChildren: false);
        await _process.WaitUntilEndedAsync(s_endsWithin);
        _hasEnded = true;
    }

    /// <summary>Kills it if it has not ended.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_hasEnded)
            await _process.SignalAsync("KILL", withChildren: true);
    }
}
