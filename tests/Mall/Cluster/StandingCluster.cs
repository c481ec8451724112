using Mall.Tests.Chaos;
using Mall.Tests.Installations;
using Mall.TestServers;

namespace Mall.Tests.Cluster;

/// <summary>
/// A cluster that stays for tests that end as they began: with every silo there, and nobody shopping. After one that failed the
/// next gets another, and so does who asks for another database.
/// </summary>
public sealed class StandingCluster : IAsyncDisposable
{
    public const int Silos = 3;
    private const int FrontDoors = 2;
    private const int Shoppers = 12;

    private DatabaseKind _kind;
    private ClusterInstallation? _cluster;
    private Trade? _trade;
    private CancellationTokenSource? _end;

    /// <summary>Runs a test on it, and gives it up where that gets stuck; skips it where the database cannot be had.</summary>
    public async Task UseAsync(DatabaseKind kind, Func<ClusterInstallation, Trade, CancellationToken, Task> test)
    {
        using var stop = ClusterInstallation.PatienceFor(kind);
        if (kind != _kind) await CloseAsync();
        try
        {
            if (_trade is null) await OpenAsync(kind, stop.Token);
            await test(_cluster!, _trade!, stop.Token).WaitAsync(stop.Token);
        }
        catch
        {
            await CloseAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => new(CloseAsync());

    private async Task OpenAsync(DatabaseKind kind, CancellationToken stop)
    {
        (_kind, _end) = (kind, new CancellationTokenSource());
        _cluster = await ClusterInstallation.OpenAsync(kind, Silos, FrontDoors, stop);
        _trade = await _cluster.TradeAsync(Shoppers, _end.Token).WaitAsync(stop);
    }

    private async Task CloseAsync()
    {
        if (_end is not null) await _end.CancelAsync();
        if (_cluster is not null) await _cluster.DisposeAsync();
        _trade?.Dispose();
        _end?.Dispose();
        (_cluster, _trade, _end) = (null, null, null);
    }
}

/// <summary>Like all whole processes they run by themselves.</summary>
[CollectionDefinition(nameof(StandingCluster), DisableParallelization = true)]
public sealed class StandingClusterCollection : ICollectionFixture<StandingCluster>;
