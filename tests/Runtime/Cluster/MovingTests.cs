using System.Collections.Concurrent;
using Mall.Runtime.Tests.Simulation;

namespace Mall.Runtime.Tests.Cluster;

/// <summary>Silos that come and go in order, under load.</summary>
public sealed class MovingTests
{
    private const int Keys = 300;

    [Fact]
    public async Task RollingRestart_UnderLoad_LosesNoCallAndNeverHasAGrainInTwoPlaces()
    {
        await using var cluster = new TestCluster();
        var silos = new Queue<TestCluster.Member>();
        for (var i = 0; i < 3; i++) silos.Enqueue(await cluster.StartSiloAsync());
        await cluster.Settles([.. silos]);
        var client = await cluster.StartClientAsync();
        using var enough = new CancellationTokenSource();
        var failures = new ConcurrentQueue<Exception>();
        Task<int>[] callers = [.. Enumerable.Range(0, 16).Select(i => CallAsync(client, i, failures, enough.Token))];

        for (var i = 0; i < 3; i++)
        {
            silos.Enqueue(await cluster.StartSiloAsync());
            await cluster.Settles([.. silos]);
            await silos.Dequeue().StopAsync();
            await cluster.Settles([.. silos]);
        }

        await enough.CancelAsync();
        var calls = (await Task.WhenAll(callers)).Sum();
        Assert.Empty(failures);
        Assert.True(calls > Keys, $"Only {calls} calls: that was no load.");
        AssertNeverTwice(cluster.Probe);
    }

    [Fact]
    public async Task Grain_ThatMoves_EndsItsRunningCallBeforeItComesUpElsewhere()
    {
        await using var cluster = new TestCluster();
        var one = await cluster.StartSiloAsync();
        var client = await cluster.StartClientAsync();
        await cluster.Settles(one);
        Task<string>[] held = [.. Enumerable.Range(1, 20).Select(k => client.Placed(k).HoldUntil("gate"))];
        await TestSilo.Eventually(() => cluster.Probe.Count("holding gate") == held.Length);

        var two = await cluster.StartSiloAsync();
        await cluster.Settles(one, two);
        var moved = Enumerable.Range(1, 20).First(k => two.Self.ToString() != one.Self.ToString() && Owns(client, two, k));
        var next = client.Placed(moved).Where();
        await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.False(next.IsCompleted);

        cluster.Probe.Open("gate");
        Assert.All(await Task.WhenAll(held), where => Assert.Equal(one.Self.ToString(), where));
        Assert.Equal(two.Self.ToString(), await next);
        AssertNeverTwice(cluster.Probe);
    }

    [Fact]
    public async Task Silo_ThatStops_WaitsForTheAnswersOfCallsThatItHasPassedOn()
    {
        await using var cluster = new TestCluster();
        var one = await cluster.StartSiloAsync();
        var two = await cluster.StartSiloAsync();
        await cluster.Settles(one, two);
        var client = await cluster.StartClientAsync();
        var key = client.KeyOf(one);
        var running = client.Placed(key).HoldUntil("first");
        await cluster.Probe.Sees("holding first");
        var waiting = client.Placed(key).HoldUntil("second");

        var stop = one.StopAsync();
        await TestSilo.Eventually(() => client.View.Silos.Length == 1);
        cluster.Probe.Open("first");
        Assert.Equal(one.Self.ToString(), await running);
        await cluster.Probe.Sees("holding second");
        await Task.Delay(200, TestContext.Current.CancellationToken); // Time enough to stop without it.
        cluster.Probe.Open("second");

        Assert.Equal(two.Self.ToString(), await waiting);
        await stop;
    }

    [Fact]
    public async Task OneWayCall_ToASiloThatHasJustLostTheGrain_IsPassedOn()
    {
        await using var cluster = new TestCluster();
        var one = await cluster.StartSiloAsync();
        var client = await cluster.StartClientAsync();
        client.Table.IsCut = true; // It will not see what follows.
        var two = await cluster.StartSiloAsync();
        await TestSilo.Eventually(() => one.View.Silos.Length == 2);

        var key = one.KeyOf(two);
        await client.Placed(key).Tell("told all the same");
        await cluster.Probe.Sees("told all the same");
        await cluster.Probe.Sees($"{key} up at {two.Self}");
    }

    private static bool Owns(TestCluster.Member viewer, TestCluster.Member owner, long key) =>
        Enumerable.Range(0, 20).Any(skip => viewer.KeyOf(owner, skip) == key);

    private static async Task<int> CallAsync(
        TestCluster.Member client, int caller, ConcurrentQueue<Exception> failures, CancellationToken cancellationToken)
    {
        var calls = 0;
        for (var key = caller; !cancellationToken.IsCancellationRequested; key = (key + 7) % Keys)
        {
            try
            {
                await client.Placed(key).Add(1);
                calls++;
            }
            catch (Exception exception)
            {
                failures.Enqueue(exception);
            }
        }

        return calls;
    }

    /// <summary>Walks through the comings and goings of all grains.</summary>
    private static void AssertNeverTwice(Probe probe)
    {
        var places = new Dictionary<string, string>();
        foreach (var what in probe.Events.Select(e => e.Split(' ')).Where(e => e.Length == 4))
        {
            var (key, verb, place) = (what[0], what[1], what[3]);
            if (verb == "up")
                Assert.True(
                    places.TryAdd(key, place), $"{key} came up at {place} while it was at {places.GetValueOrDefault(key)}.");
            else
                Assert.True(places.Remove(key));
        }
    }
}
