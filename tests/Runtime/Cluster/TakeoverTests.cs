using System.Diagnostics;
using Mall.Runtime.Tests.Simulation;

namespace Mall.Runtime.Tests.Cluster;

public sealed class TakeoverTests
{
    [Fact]
    public async Task Kill_EndsCallsThatRanAtOnceAndMovesTheGrainsInLessThanTwoSeconds()
    {
        await using var cluster = new TestCluster(); // With the leases of production: evidence is faster than they are.
        var one = await cluster.StartSiloAsync();
        var two = await cluster.StartSiloAsync();
        await cluster.Settles(one, two);
        var client = await cluster.StartClientAsync();
        var key = client.KeyOf(two);
        var running = client.Placed(key).HoldUntil("never");
        await cluster.Probe.Sees("holding never");

        var watch = Stopwatch.StartNew();
        cluster.Kill(two);
        await Assert.ThrowsAsync<SiloUnavailableException>(() => running);
        Assert.Equal(one.Self.ToString(), await client.Placed(key).Where());

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), $"It took {watch.Elapsed}.");
        await cluster.Settles(one);
        cluster.Probe.Open("never"); // What is left of the killed silo need not be waited for.
    }

    /// <summary>A silo that hangs says nothing, and its machine says nothing of it either: only its lease ends that.</summary>
    [Fact]
    public async Task Hang_MovesTheGrainsWhenTheLeaseHasEnded()
    {
        await using var cluster = new TestCluster(TestCluster.ShortLeases);
        var one = await cluster.StartSiloAsync();
        var two = await cluster.StartSiloAsync();
        await cluster.Settles(one, two);
        var key = one.KeyOf(two);
        await one.Placed(key).Echo(1);

        var watch = Stopwatch.StartNew();
        two.Table.IsCut = true;
        two.IsRunning = false;
        cluster.Network.CutBoth(one.Endpoint, two.Endpoint);
        Assert.Equal(one.Self.ToString(), await Insist(() => one.Placed(key).Where()));

        // A lease of two seconds and one more at most.
        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task Silo_ThatCannotRenew_ServesNobodyUntilItCan_AndKeepsItsGrains()
    {
        await using var cluster = new TestCluster(TestCluster.ShortLeases);
        var one = await cluster.StartSiloAsync();
        var client = await cluster.StartClientAsync();
        Assert.Equal(3, await client.Placed(1).Add(3));

        one.Table.IsCut = true; // Nobody else is there to take over: a database that is away for everybody.
        await TestSilo.Eventually(() => !one.Membership.MayServe);
        // Its connections end: whoever waits for an answer hears that.
        await Task.Delay(500, TestContext.Current.CancellationToken);
        var call = client.Placed(1).Add(4);
        var here = one.Placed(1).Add(5);
        await Task.Delay(200, TestContext.Current.CancellationToken);
        Assert.False(call.IsCompleted || here.IsCompleted);

        one.Table.IsCut = false;
        Assert.Equal(12, Math.Max(await call, await here));
        Assert.Equal(1, cluster.Probe.Count($"1 up at {one.Self}"));
    }

    [Fact]
    public async Task Silo_ThatWasDeclaredDead_DropsItsGrainsAndJoinsAsSomebodyNew()
    {
        await using var cluster = new TestCluster(TestCluster.ShortLeases);
        var one = await cluster.StartSiloAsync();
        var two = await cluster.StartSiloAsync();
        await cluster.Settles(one, two);
        var (old, key) = (two.Self, one.KeyOf(two));
        Assert.Equal(3, await one.Placed(key).Add(3));

        two.Table.IsCut = true;
        cluster.Network.CutBoth(one.Endpoint, two.Endpoint);
        Assert.Equal(4, await Insist(() => one.Placed(key).Add(4))); // By a new activation, which knows nothing of the first.
        Assert.False(two.Membership.MayServe);

        two.Table.IsCut = false;
        cluster.Network.MendAll();
        await TestSilo.Eventually(() => two.Self.Generation > old.Generation && two.Membership.MayServe);
        await cluster.Settles(one, two);
        await cluster.Probe.Sees($"{key} down at {old}");
        var owner = one.KeyOf(two, skip: 3);
        Assert.Equal(two.Self.ToString(), await one.Placed(owner).Where());
    }

    /// <summary>
    /// Calls again while the outcome is unknown, as a caller does who may: what is called here has no effect that lasts.
    /// </summary>
    private static async Task<T> Insist<T>(Func<Task<T>> call)
    {
        while (true)
        {
            try
            {
                return await call();
            }
            catch (SiloUnavailableException)
            {
                // Unknown; once more.
            }
        }
    }

    /// <summary>Its turns would wait for a place in the cluster, and its place in the cluster for its turns to end.</summary>
    [Fact]
    public async Task Silo_ThatWasDeclaredDead_EndsTurnsThatWaitForOthersBeforeItJoinsAnew()
    {
        await using var cluster = new TestCluster(TestCluster.ShortLeases);
        var one = await cluster.StartSiloAsync();
        var two = await cluster.StartSiloAsync();
        await cluster.Settles(one, two);
        var old = two.Self;
        var call = two.Placed(two.KeyOf(two)).AskOtherAfter("the cut", two.KeyOf(one));
        await cluster.Probe.Sees("holding the cut");

        two.Table.IsCut = true;
        cluster.Network.CutBoth(one.Endpoint, two.Endpoint);
        await TestSilo.Eventually(() => !two.Membership.MayServe && one.View.Silos.Length == 1);
        cluster.Probe.Open("the cut");
        two.Table.IsCut = false;
        cluster.Network.MendAll();

        var failure = await Assert.ThrowsAsync<SiloUnavailableException>(() => call);
        Assert.EndsWith("has not run.", failure.Message, StringComparison.Ordinal);
        await TestSilo.Eventually(() => two.Self.Generation > old.Generation && two.Membership.MayServe);
    }

    /// <summary>It renews its lease all the while, and nobody can call it.</summary>
    [Fact]
    public async Task Silo_ThatTheOthersCannotReach_LeavesItsGrainsToThem_AndComesBackWhenItIsReached()
    {
        await using var cluster = new TestCluster(TestCluster.ShortLeases);
        var one = await cluster.StartSiloAsync();
        var two = await cluster.StartSiloAsync();
        var three = await cluster.StartSiloAsync();
        await cluster.Settles(one, two, three);
        var (old, key) = (two.Self, one.KeyOf(two));
        Assert.Equal(3, await one.Placed(key).Add(3));

        cluster.Network.CutBoth(one.Endpoint, two.Endpoint);
        cluster.Network.CutBoth(three.Endpoint, two.Endpoint);
        Assert.Equal(4, await Insist(() => one.Placed(key).Add(4))); // By a new activation, which knows nothing of the first.
        Assert.False(two.Membership.MayServe);
        Assert.Equal(2, one.View.Silos.Length);
        Assert.Equal(old, two.Self); // It does not join just to be told once more.

        cluster.Network.MendAll();
        await TestSilo.Eventually(() => two.Self.Generation > old.Generation && two.Membership.MayServe);
        await cluster.Settles(one, two, three);
        await cluster.Probe.Sees($"{key} down at {old}");
    }

    [Fact]
    public async Task Cut_InOneDirectionBetweenTwoOfThree_IsEndedByTheYounger()
    {
        await using var cluster = new TestCluster(TestCluster.ShortLeases);
        var one = await cluster.StartSiloAsync();
        var two = await cluster.StartSiloAsync();
        var three = await cluster.StartSiloAsync();
        await cluster.Settles(one, two, three);
        var (old, key) = (two.Self, one.KeyOf(two));

        cluster.Network.Cut(one.Endpoint, two.Endpoint);
        await Insist(() => one.Placed(key).Where()); // By way of the third, perhaps.
        await TestSilo.Eventually(() => one.View.Silos.Length == 2 && three.View.Silos.Length == 2);

        cluster.Network.MendAll();
        await TestSilo.Eventually(() => two.Self.Generation > old.Generation && two.Membership.MayServe);
        await cluster.Settles(one, two, three);
    }

    /// <summary>All silos hear each other, so nobody is condemned; and a client is no member that could say otherwise.</summary>
    [Fact]
    public async Task Cut_BetweenAClientAndASilo_SendsItsCallsByWayOfAnother()
    {
        await using var cluster = new TestCluster(TestCluster.ShortLeases);
        var one = await cluster.StartSiloAsync();
        var two = await cluster.StartSiloAsync();
        var client = await cluster.StartClientAsync();
        await cluster.Settles(one, two);
        var (home, key) = (two.Self, client.KeyOf(two));
        Assert.Equal(home.ToString(), await client.Placed(key).Where());

        cluster.Network.Cut("client 2", two.Endpoint);
        Assert.Equal(home.ToString(), await Insist(() => client.Placed(key).Where()));
        Assert.Equal(7, await Insist(() => client.Placed(key).Add(7)));
        Assert.Equal(home, two.Self);

        cluster.Network.MendAll();
        Assert.Equal(home.ToString(), await Insist(() => client.Placed(key).Where()));
    }

    [Fact]
    public async Task Cut_BetweenASiloAndTheTable_LosesNoCallForGood()
    {
        await using var cluster = new TestCluster(TestCluster.ShortLeases);
        var one = await cluster.StartSiloAsync();
        var two = await cluster.StartSiloAsync();
        await cluster.Settles(one, two);
        var client = await cluster.StartClientAsync();
        await client.Placed(client.KeyOf(two)).Echo(1);

        two.Table.IsCut = true; // The others still hear it, and its lease ends all the same.
        var key = client.KeyOf(two);
        await TestSilo.Eventually(() => !client.View.Silos.Contains(two.Self));
        Assert.Equal(one.Self.ToString(), await client.Placed(key).Where());
        two.Table.IsCut = false;
        await TestSilo.Eventually(() => client.View.Silos.Length == 2);
    }
}
