using Mall.TestServers;
using Mall.TestServers.Networks;
using Mall.Tests.Chaos;

namespace Mall.Tests.Cuts;

/// <summary>
/// Networks that are cut between the processes of a cluster, by the kernel. Customers see pauses and nothing else,
/// service comes back by itself while the cut lasts, and so does the silo when it is over. The times are printed; the
/// tests only know that they end. Their time is spent waiting, on machines of their own, so they run beside other tests.
/// </summary>
public sealed class NetworkCuts(NetworkCuts.Clusters clusters, ITestOutputHelper output) : IClassFixture<NetworkCuts.Clusters>
{
    private const int Few = 2;
    private static readonly TimeSpan s_slow = TimeSpan.FromMilliseconds(200);

    public static TheoryData<DatabaseKind> Kinds => ClusterInstallation.Kinds;

    /// <summary>For cuts that no session of the database notices: one server is as good as the other.</summary>
    public static TheoryData<DatabaseKind> AnyKind => [ClusterInstallation.Kinds.First().Data];

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task Silo_CutOffFromEverybody_IsReplacedAndComesBack(DatabaseKind kind) => CutAsync(
        kind, 0, cluster => Lab.UnplugAsync(cluster.Sites.Silos[0]), WasReplaced, thenWaitFor: c => UntilOneIsGoneAsync(c, 0));

    [Theory]
    [MemberData(nameof(Kinds))]
    public Task Silo_CutOffFromTheDatabase_IsReplacedAndComesBack(DatabaseKind kind) => CutAsync(
        kind,
        2,
        cluster => Lab.CutBothAsync(cluster.Sites.Silos[2], cluster.Sites.Database),
        WasReplaced,
        thenWaitFor: c => UntilOneIsGoneAsync(c, 2));

    [Theory]
    [MemberData(nameof(AnyKind))]
    public Task Silo_CutOffFromTheOtherSilos_IsReplacedAndComesBack(DatabaseKind kind) => CutAsync(
        kind,
        1,
        async cluster =>
        {
            await Lab.CutBothAsync(cluster.Sites.Silos[1], cluster.Sites.Silos[0]);
            await Lab.CutBothAsync(cluster.Sites.Silos[1], cluster.Sites.Silos[2]);
        },
        WasReplaced,
        thenWaitFor: c => UntilOneIsGoneAsync(c, 1)); // Until then orders succeed that need no other silo.

    /// <summary>The younger of the two gives itself up.</summary>
    [Theory]
    [MemberData(nameof(AnyKind))]
    public Task Silos_CutInOneDirection_GoOnWithoutOneOfThem(DatabaseKind kind) => CutAsync(
        kind,
        0,
        cluster => Lab.CutAsync(cluster.Sites.Silos[0], cluster.Sites.Silos[1]),
        _ => { },
        thenWaitFor: c => UntilOneIsGoneAsync(c, 0, 1));

    /// <summary>Slow is not dead: nobody is replaced.</summary>
    [Theory]
    [MemberData(nameof(AnyKind))]
    public Task Silo_BehindASlowLink_ServesSlowly(DatabaseKind kind) =>
        CutAsync(kind, 2, cluster => cluster.SlowDownAsync(cluster.Sites.Silos[2], s_slow), WasKept);

    private async Task CutAsync(
        DatabaseKind kind, int silo, Func<CutCluster, Task> cut, Action<CutCluster.Outcome> check,
        Func<CutCluster, Task>? thenWaitFor = null)
    {
        var stop = TestContext.Current.CancellationToken;
        if (DatabaseServer.WhyMissing(kind) is { } noServer) Assert.Skip(noServer);
        if (await Lab.WhyMissingAsync() is { } noLab) Assert.Skip(noLab);
        var cluster = await clusters.OpenAsync(kind, stop);
        try
        {
            var outcome = await cluster.CutAsync(
                silo, () => cut(cluster), thenWaitFor is null ? null : () => thenWaitFor(cluster), Few, output.WriteLine, stop);
            output.WriteLine($"{outcome}");
            Assert.NotNull(outcome.Before);
            Assert.NotNull(outcome.After);
            check(outcome);
        }
        catch
        {
            output.WriteLine(cluster.Installation.Tails());
            await clusters.DisposeAsync(); // The next one is not to suffer from it.
            throw;
        }
    }

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

    /// <summary>Opens a server's cluster for the first who needs it.</summary>
    public sealed class Clusters : IAsyncDisposable
    {
        private readonly Dictionary<DatabaseKind, CutCluster> _open = [];

        public async Task<CutCluster> OpenAsync(DatabaseKind kind, CancellationToken stop)
        {
            if (!_open.TryGetValue(kind, out var cluster)) _open[kind] = cluster = await CutCluster.OpenAsync(kind, stop);
            return cluster;
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var kind in _open.Keys.ToList())
                if (_open.Remove(kind, out var cluster)) await cluster.DisposeAsync();
        }
    }
}
