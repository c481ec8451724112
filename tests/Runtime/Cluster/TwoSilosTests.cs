using Mall.Runtime.Tests.Simulation;

namespace Mall.Runtime.Tests.Cluster;

/// <summary>Calls between silos, over real sockets.</summary>
public sealed class TwoSilosTests
{
    [Fact]
    public async Task Call_ToAGrainOfTheOtherSilo_RunsThereAndItsAnswerComesBack()
    {
        await using var cluster = new TestCluster(overTcp: true);
        var one = await cluster.StartSiloAsync();
        var two = await cluster.StartSiloAsync();
        await cluster.Settles(one, two);

        var there = one.Placed(one.KeyOf(two));
        Assert.Equal(two.Self.ToString(), await there.Where());
        Assert.Equal(42, await there.Echo(42));
        Assert.Equal(5, await there.Add(5));
        Assert.Equal(7, await two.Placed(one.KeyOf(two)).Add(2));
        Assert.Equal(one.Self.ToString(), await there.AskOther(two.KeyOf(one)));
        Assert.Equal(1_000_000, await there.SizeOf(new string('x', 1_000_000)));
    }

    [Fact]
    public async Task Call_ThatFailsThere_FailsHereWithTheSameException()
    {
        await using var cluster = new TestCluster(overTcp: true);
        var one = await cluster.StartSiloAsync();
        var two = await cluster.StartSiloAsync();
        await cluster.Settles(one, two);

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => one.Placed(one.KeyOf(two)).Fail("because"));
        Assert.Equal("because", failure.Message);
        await Assert.ThrowsAsync<WireFormatException>(() => one.Placed(one.KeyOf(two)).SizeOf(new string('x', 5_000_000)));
        Assert.Equal(1, await one.Placed(one.KeyOf(two)).Echo(1));
    }

    [Fact]
    public async Task Call_CarriesContextAndCancellation()
    {
        await using var cluster = new TestCluster(overTcp: true);
        var one = await cluster.StartSiloAsync();
        var two = await cluster.StartSiloAsync();
        await cluster.Settles(one, two);
        var there = one.Placed(one.KeyOf(two));

        RequestContext.Set("tenant", "blue");
        Assert.Equal("blue", await there.Tenant());
        RequestContext.Clear();

        using var cancellation = new CancellationTokenSource();
        var waits = there.WaitForCancellation(cancellation.Token);
        await cluster.Probe.Sees("waiting");
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waits);
        await cluster.Probe.Sees("cancelled");
    }

    [Fact]
    public async Task Management_CountsAndCollectsOnAllSilos()
    {
        await using var cluster = new TestCluster(overTcp: true);
        var one = await cluster.StartSiloAsync();
        var two = await cluster.StartSiloAsync();
        await cluster.Settles(one, two);
        await one.Placed(one.KeyOf(one)).Echo(1);
        await one.Placed(one.KeyOf(two)).Echo(1);
        var management = one.Grains.GetGrain<IManagementGrain>(0);

        Assert.Equal([one.Self, two.Self], (await PlacedAsync()).Select(s => s.SiloAddress).OrderBy(s => s.Generation));
        await management.ForceActivationCollection(TimeSpan.Zero);
        await TestSilo.Eventually(() => PlacedAsync().GetAwaiter().GetResult().Length == 0);

        async Task<SimpleGrainStatistic[]> PlacedAsync() =>
            [.. (await management.GetSimpleGrainStatistics()).Where(s => s.GrainType == "placed")];
    }

    [Fact]
    public async Task Client_HostsNothingAndCallsEachOwner()
    {
        await using var cluster = new TestCluster(overTcp: true);
        var one = await cluster.StartSiloAsync();
        var two = await cluster.StartSiloAsync();
        await cluster.Settles(one, two);
        var client = await cluster.StartClientAsync();

        Assert.Equal(one.Self.ToString(), await client.Placed(client.KeyOf(one)).Where());
        Assert.Equal(two.Self.ToString(), await client.Placed(client.KeyOf(two)).Where());
        await client.Placed(client.KeyOf(two)).Tell("told");
        await cluster.Probe.Sees("told");
        Assert.Equal(0, client.Statistics.Activations);
        Assert.DoesNotContain(client.Self, one.View.Silos);
    }

    [Fact]
    public async Task Silo_AtAnAddressInUse_DoesNotStart()
    {
        await using var cluster = new TestCluster(overTcp: true);
        var one = await cluster.StartSiloAsync();
        var second = cluster.MakeSilo(endpoint: one.Endpoint);

        var failure = await Assert.ThrowsAsync<ClusterStartException>(second.StartAsync);
        Assert.Contains(one.Endpoint, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silo_WithAnotherSecret_DoesNotStart()
    {
        await using var cluster = new TestCluster(overTcp: true);
        var one = await cluster.StartSiloAsync();
        var stranger = cluster.MakeSilo(options: o => o.Secret = "guessed");

        var failure = await Assert.ThrowsAsync<ClusterStartException>(stranger.StartAsync);
        Assert.Equal(Refusal.Secret, failure.Refusal);
        Assert.Equal([one.Self], one.View.Silos);
    }
}
