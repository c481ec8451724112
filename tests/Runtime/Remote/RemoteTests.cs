using Mall.Runtime.Tests.Activations;
using Mall.Runtime.Tests.Calls;
using Mall.Runtime.Tests.Simulation;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Runtime.Tests.Remote;

/// <summary>The seam: the same runtime with more than one silo in its view.</summary>
public class RemoteTests
{
    [Fact]
    public void Grains_SpreadOverTheSilosAndAreTheSameFromEverywhere() => TestCluster.Simulate(3, async cluster =>
    {
        for (var key = 0; key < 90; key++)
        {
            for (var node = 0; node < 3; node++)
                Assert.Equal(node + 1, await cluster[node].Grains.GetGrain<ICounterGrain>(key).Add(1));
        }

        var shares = Enumerable.Range(0, 3).Select(i => cluster[i].Activations("counter")).ToArray();
        Assert.Equal(90, shares.Sum());
        Assert.All(shares, s => Assert.InRange(s, 15, 45));
    });

    [Fact]
    public void Exceptions_TokensAndContext_CrossTheWire() => TestCluster.Simulate(2, async cluster =>
    {
        var (near, far) = (cluster[0].Grains, KeyOf<ICounterGrain>(cluster, owner: 1));
        var counter = near.GetGrain<ICounterGrain>(far);
        Assert.Equal("x", (await Assert.ThrowsAsync<OddException>(() => counter.Throw("x"))).Message);
        RequestContext.Set("who", "alice");
        Assert.Equal("alice", await near.GetGrain<IContextGrain>(far).Read("who", pass: true));
        RequestContext.Clear();
        using var source = new CancellationTokenSource();
        var call = near.GetGrain<IPatientGrain>(far).Wait("a", source.Token);
        await cluster.Probe.Sees("a starts");
        source.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await cluster.Probe.Sees("a cancelled on a turn");
    });

    [Fact]
    public void Caller_WhenItsViewIsOld_IsToldAndFollows() => TestCluster.Simulate(2, async cluster =>
    {
        var newest = cluster.View(2, 0, 1);
        cluster[0].Membership.Newest = newest;
        cluster[1].Membership.Set(newest);
        cluster[0].Membership.Set(cluster.View(1, 1)); // Believes that silo 1 owns all.
        var far = KeyOf<ICounterGrain>(cluster[1].Membership.Current, cluster[0].Address);
        Assert.Equal(1, await cluster[0].Grains.GetGrain<ICounterGrain>(far).Add(1));
        Assert.Equal(1, cluster[0].Membership.Refreshes);
        Assert.Equal((1, 0), (cluster[0].Activations("counter"), cluster[1].Activations("counter")));
    });

    [Fact]
    public void Callee_WhenItsViewIsOld_RefreshesBeforeItRefuses() => TestCluster.Simulate(2, async cluster =>
    {
        var newest = cluster.View(2, 0, 1);
        cluster[0].Membership.Set(newest);
        cluster[1].Membership.Newest = newest;
        cluster[1].Membership.Set(cluster.View(1, 0)); // Does not know yet that it is in.
        var far = KeyOf<ICounterGrain>(newest, cluster[1].Address);
        Assert.Equal(1, await cluster[0].Grains.GetGrain<ICounterGrain>(far).Add(1));
        Assert.Equal(1, cluster[1].Membership.Refreshes);
    });

    [Fact]
    public void Silos_WhenTheyNeverAgree_FailTheCallInsteadOfPassingItRoundForEver() => TestCluster.Simulate(2, async cluster =>
    {
        cluster[0].Membership.Set(cluster.View(1, 1));
        cluster[1].Membership.Set(cluster.View(1, 0));
        await Assert.ThrowsAsync<SiloUnavailableException>(() => cluster[0].Grains.GetGrain<ICounterGrain>(1).Add(1));
        Assert.InRange(cluster.Network.Frames, 2, 2000); // it is passed on with a backoff, until its time is up
    });

    [Fact]
    public void NewSilo_TakesOverItsGrains_AndRequestsThatWaitFollow() => TestCluster.Simulate(2, async cluster =>
    {
        cluster.SetViews(2, 0);
        var moving = $"g{Enumerable.Range(0, 1000).First(i => Owner($"g{i}", cluster.View(3, 0, 1)).Equals(cluster[1].Address))}";
        var grain = cluster[0].Grains.GetGrain<IPlainTurnGrain>(moving);
        var running = grain.Write("running");
        await cluster.Probe.Sees("running starts");
        var waiting = grain.Write("waiting");
        cluster.SetViews(3, 0, 1);
        await cluster.Settle();
        Assert.Equal((1, 0), (cluster[0].Activations("plainturn"), cluster[1].Activations("plainturn")));
        cluster.Probe.Open("running");
        cluster.Probe.Open("waiting");
        await Task.WhenAll(running, waiting);
        Assert.Equal((0, 1), (cluster[0].Activations("plainturn"), cluster[1].Activations("plainturn")));
        Assert.Equal(["running starts", "running ends", "waiting starts", "waiting ends"], cluster.Probe.Events);
    });

    [Fact]
    public void Calls_WhenTheirSiloDies_FailWhenItsConnectionEnds_AndTheNextOnesGoOn() => TestCluster.Simulate(2, async cluster =>
    {
        var far = KeyOf<ICounterGrain>(cluster, owner: 1);
        var grain = cluster[0].Grains.GetGrain<ICounterGrain>(far);
        await grain.Add(1);
        cluster.Network.Kill(cluster[1].Address);
        var lost = grain.Add(1);
        await cluster.Pass(TimeSpan.FromSeconds(3));
        Assert.False(lost.IsCompleted);
        cluster[0].Membership.Set(cluster.View(2, 0)); // Leaving the view ends no call: a silo that drains still answers.
        Assert.False(lost.IsCompleted);
        cluster.Network.Reset(cluster[1].Address);
        await Assert.ThrowsAsync<SiloUnavailableException>(() => lost);
        Assert.Equal(1, await grain.Add(1));
    });

    [Fact]
    public void Client_HostsNoGrainsAndReachesAll() => TestCluster.Simulate(2, async cluster =>
    {
        var client = await cluster.Add("client");
        client.Membership.Set(cluster.View(1, 0, 1));
        for (var key = 0; key < 20; key++) await client.Grains.GetGrain<ICounterGrain>(key).Add(1);
        Assert.Equal(0, client.Statistics.Activations);
        Assert.Equal(20, cluster[0].Activations("counter") + cluster[1].Activations("counter"));
        cluster.Probe.Open("w");
        await client.Grains.GetGrain<IWorkerGrain>(1).Work("w"); // A stateless worker runs at the silo that is asked.
        client.Membership.Set(cluster.View(2));
        await Assert.ThrowsAsync<SiloUnavailableException>(() => client.Grains.GetGrain<ICounterGrain>(1).Add(1));
    });

    [Fact]
    public void StatelessWorker_RunsWhereItIsCalled() => TestCluster.Simulate(2, async cluster =>
    {
        cluster.Probe.Open("w");
        for (var key = 0; key < 10; key++) await cluster[0].Grains.GetGrain<IWorkerGrain>(key).Work("w");
        Assert.Equal((10, 0), (cluster[0].Activations("worker"), cluster[1].Activations("worker")));
    });

    [Fact]
    public void Receiver_WhenFramesAreGarbage_ThrowsWireFormatExceptionAndNothingElse() => TestCluster.Simulate(1, cluster =>
    {
        var receiver = cluster[0].Services.GetRequiredService<SiloRuntime>().FrameReceiver;
        var random = new Random(7);
        for (var i = 0; i < 20_000; i++)
        {
            var frame = new byte[random.Next(60)];
            random.NextBytes(frame);
            if (frame.Length > 0 && i % 2 == 0) frame[0] = (byte)(1 + (i % 3));
            try
            {
                receiver.Receive(cluster[0].Address, frame);
            }
            catch (WireFormatException)
            {
                // What it should be.
            }
        }

        return Task.CompletedTask;
    });

    private static long KeyOf<T>(TestCluster cluster, int owner) =>
        KeyOf<T>(cluster[owner].Membership.Current, cluster[owner].Address);

    private static long KeyOf<T>(MembershipView view, SiloAddress owner) => Enumerable.Range(0, 1000)
        .First(k => owner.Equals(
            new RendezvousPlacement().OwnerOf(GrainId.Create(GrainType.ByConvention(typeof(T).Name, true), k), view)));

    private static SiloAddress Owner(string key, MembershipView view) =>
        new RendezvousPlacement().OwnerOf(GrainId.Create(GrainType.Create("any"), key), view)!;
}
