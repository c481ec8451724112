using Mall.TestServers;
using Mall.TestServers.Networks;

namespace Mall.Tests.Cuts;

/// <summary>
/// Networks that are cut between the processes of a cluster, by the kernel. Customers see pauses and nothing else,
/// service comes back by itself while the cut lasts, and so does the silo when it is over. The times are printed; the
/// tests only know that they end. Their time is spent waiting, on machines of their own, so they run beside other tests.
/// </summary>
public abstract class NetworkCuts(NetworkCuts.Shared shared, ITestOutputHelper output)
{
    private const int Few = 2;
    private static readonly TimeSpan s_slow = TimeSpan.FromMilliseconds(200);

    /// <summary>From the lab's fixture: the class's one cluster.</summary>
    protected async Task CutAsync(
        int silo, Func<CutCluster, Task> cut, Action<CutCluster.Outcome> check, int orders = Few,
        Func<CutCluster, Task>? thenWaitFor = null)
    {
        var stop = TestContext.Current.CancellationToken;
        if (DatabaseServer.WhyMissing(shared.Kind) is { } noServer) Assert.Skip(noServer);
        if (await Lab.WhyMissingAsync() is { } noLab) Assert.Skip(noLab);
        var cluster = await shared.OpenAsync(stop);
        try
        {
            var outcome = await cluster.CutAsync(
                silo, () => cut(cluster), thenWaitFor is null ? null : () => thenWaitFor(cluster), orders, output.WriteLine,
                stop);
            output.WriteLine($"{outcome}");
            Assert.NotNull(outcome.Before);
            Assert.NotNull(outcome.After);
            check(outcome);
        }
        catch
        {
            output.WriteLine(cluster.Installation.Tails());
            await shared.DisposeAsync(); // The next one is not to suffer from it.
            throw;
        }
    }

    protected Task CutOffFromEverybodyAsync() =>
        CutAsync(0, cluster => Lab.UnplugAsync(cluster.Sites.Silos[0]), WasReplaced, thenWaitFor: c => UntilOneIsGoneAsync(c, 0));

    protected Task CutOffFromTheOtherSilosAsync() => CutAsync(
        1,
        async cluster =>
        {
            await Lab.CutBothAsync(cluster.Sites.Silos[1], cluster.Sites.Silos[0]);
            await Lab.CutBothAsync(cluster.Sites.Silos[1], cluster.Sites.Silos[2]);
        },
        WasReplaced,
        thenWaitFor: c => UntilOneIsGoneAsync(c, 1)); // Until then orders succeed that need no other silo.

    protected Task CutOffFromTheDatabaseAsync() => CutAsync(
        2,
        cluster => Lab.CutBothAsync(cluster.Sites.Silos[2], cluster.Sites.Database),
        WasReplaced,
        thenWaitFor: c => UntilOneIsGoneAsync(c, 2));

    /// <summary>The younger of the two gives itself up.</summary>
    protected Task CutInOneDirectionAsync() => CutAsync(
        0,
        cluster => Lab.CutAsync(cluster.Sites.Silos[0], cluster.Sites.Silos[1]),
        _ => { },
        thenWaitFor: c => UntilOneIsGoneAsync(c, 0, 1));

    /// <summary>Slow is not dead: nobody is replaced.</summary>
    protected Task SlowAsync() => CutAsync(2, cluster => cluster.SlowDownAsync(cluster.Sites.Silos[2], s_slow), WasKept);

    private static Task UntilOneIsGoneAsync(CutCluster cluster, params int[] silos) =>
        cluster.UntilOneIsGoneAsync(silos, TestContext.Current.CancellationToken);

    private static void WasReplaced(CutCluster.Outcome outcome)
    {
        Assert.Null(outcome.During);
        Assert.True(outcome.After > outcome.Before);
    }

    private static void WasKept(CutCluster.Outcome outcome)
    {
        Assert.Equal(outcome.Before, outcome.During);
        Assert.Equal(outcome.Before, outcome.After);
    }

    /// <summary>Opens the cluster for the first who needs it.</summary>
    public abstract class Shared(DatabaseKind kind) : IAsyncDisposable
    {
        private CutCluster? _cluster;

        public DatabaseKind Kind => kind;

        public async Task<CutCluster> OpenAsync(CancellationToken stop) => _cluster ??= await CutCluster.OpenAsync(kind, stop);

        public async ValueTask DisposeAsync()
        {
            GC.SuppressFinalize(this);
            if (Interlocked.Exchange(ref _cluster, null) is { } cluster) await cluster.DisposeAsync();
        }
    }
}

/// <summary>On PostgreSQL: all of them.</summary>
public sealed class PostgresNetworkCuts(PostgresNetworkCuts.Cluster shared, ITestOutputHelper output)
    : NetworkCuts(shared, output), IClassFixture<PostgresNetworkCuts.Cluster>
{
    [Fact]
    public Task Silo_CutOffFromEverybody_IsReplacedAndComesBack() => CutOffFromEverybodyAsync();

    [Fact]
    public Task Silo_CutOffFromTheOtherSilos_IsReplacedAndComesBack() => CutOffFromTheOtherSilosAsync();

    [Fact]
    public Task Silo_CutOffFromTheDatabase_IsReplacedAndComesBack() => CutOffFromTheDatabaseAsync();

    [Fact]
    public Task Silos_CutInOneDirection_GoOnWithoutOneOfThem() => CutInOneDirectionAsync();

    [Fact]
    public Task Silo_BehindASlowLink_ServesSlowly() => SlowAsync();

    public sealed class Cluster() : Shared(DatabaseKind.Postgres);
}

/// <summary>On MariaDB: those in which its sessions are cut.</summary>
public sealed class MariaDbNetworkCuts(MariaDbNetworkCuts.Cluster shared, ITestOutputHelper output)
    : NetworkCuts(shared, output), IClassFixture<MariaDbNetworkCuts.Cluster>
{
    [Fact]
    public Task Silo_CutOffFromEverybody_IsReplacedAndComesBack() => CutOffFromEverybodyAsync();

    [Fact]
    public Task Silo_CutOffFromTheDatabase_IsReplacedAndComesBack() => CutOffFromTheDatabaseAsync();

    public sealed class Cluster() : Shared(DatabaseKind.MariaDb);
}
