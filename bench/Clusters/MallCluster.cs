using System.Security.Cryptography;
using Mall.Bench.Hosting;
using Mall.TestServers;

namespace Mall.Bench.Clusters;

/// <summary>
/// A mall of several processes on a database of its own: silos without a front door, and one front door without grains.
/// </summary>
sealed class MallCluster : IAsyncDisposable
{
    readonly List<MallProcess> _silos = [];
    MallProcess? _door;

    MallCluster(string database, int silos) => (Database, Silos) = (database, silos);

    /// <summary>Its name on the server.</summary>
    public string Database { get; }

    /// <summary>How many.</summary>
    public int Silos { get; }

    /// <summary>The front door's address for REST.</summary>
    public Uri Rest { get; private set; } = null!;

    /// <summary>Starts it all. Everything serves when this completes.</summary>
    /// <exception cref="BenchmarkException">A process does not serve.</exception>
    public static async Task<MallCluster> StartAsync(BenchServer server, int silos, CancellationToken cancellationToken)
    {
        var cluster = new MallCluster(FormattableString.Invariant($"mall_{silos}"), silos);
        try
        {
            var address = await server.CreateDatabaseAsync(cluster.Database, cancellationToken);
            await cluster.StartProcessesAsync(address, cancellationToken);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Processor time that its processes have used since they started.</summary>
    public async Task<(TimeSpan Silos, TimeSpan Door)> ProcessorTimeAsync()
    {
        var silos = TimeSpan.Zero;
        foreach (var silo in _silos)
            silos += await silo.ProcessorTimeAsync();
        return (silos, await _door!.ProcessorTimeAsync());
    }

    /// <summary>Asks all processes to end, the front door first, as an operator would.</summary>
    public async Task StopAsync()
    {
        await _door!.StopAsync();
        foreach (var silo in _silos)
            await silo.StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_door is not null)
            await _door.DisposeAsync();
        foreach (var silo in _silos)
            await silo.DisposeAsync();
    }

    async Task StartProcessesAsync(string database, CancellationToken cancellationToken)
    {
        string[] shared = ["--db", database, "--cluster-secret", RandomNumberGenerator.GetHexString(32)];
        for (var i = 0; i < Silos; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _silos.Add(await MallProcess.StartAsync(
                ["--roles", "silo", "--silo", FreePorts.TakeEndpoint(), .. shared], "A silo of the mall is up"));
        }

        var rest = FreePorts.TakeEndpoint();
        _door = await MallProcess.StartAsync(
            ["--roles", "api", "--http", rest, "--grpc", FreePorts.TakeEndpoint(), .. shared], "Mall is open");
        Rest = new Uri($"http://{rest}/");
    }
}
