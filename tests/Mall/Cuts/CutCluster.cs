using System.Diagnostics;
using Mall.Tests.Chaos;
using Mall.Tests.Installations;
using Mall.TestServers;
using Mall.TestServers.Networks;

namespace Mall.Tests.Cuts;

/// <summary>
/// Three silos, two front doors and a database, each on a machine of its own in a lab, with customers who shop through both
/// doors. One for all cuts of a class, which follow each other: each begins and ends with everything in order.
/// </summary>
public sealed class CutCluster : IAsyncDisposable
{
    public const int Silos = 3;
    private const int ShoppersAtADoor = 3;
    private const int OrdersBefore = 30;

    /// <summary>By far longer than anything here takes; then it does not come back by itself.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan s_looksEvery = TimeSpan.FromMilliseconds(50);

    private readonly Lab _lab;
    private readonly List<Shopper> _buyers = [];
    private Trade? _trade;

    private CutCluster(Lab lab, Sites sites, ClusterInstallation installation) =>
        (_lab, Sites, Installation) = (lab, sites, installation);

    public Sites Sites { get; }

    public ClusterInstallation Installation { get; }

    private Trade Trade => _trade!;

    public static async Task<CutCluster> OpenAsync(DatabaseKind kind, CancellationToken stop)
    {
        var lab = await Lab.OpenAsync(stop);
        CutCluster? cluster = null;
        try
        {
            var sites = new Sites(
                await lab.AddAsync("db", stop),
                [await lab.AddAsync("silo0", stop), await lab.AddAsync("silo1", stop), await lab.AddAsync("silo2", stop)],
                [await lab.AddAsync("door0", stop), await lab.AddAsync("door1", stop)]);
            cluster = new CutCluster(
                lab, sites, await ClusterInstallation.OpenAsync(kind, Silos, sites.Doors.Count, sites, stop));
            await cluster.InviteAsync(stop);
            return cluster;
        }
        catch
        {
            if (cluster is not null) await cluster.DisposeAsync();
            else await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Cuts something while everybody shops, waits until everything can be ordered through both doors, mends it, waits until all
    /// silos are members once more, and audits the books.
    /// </summary>
    /// <param name="silo">Whose membership is looked at.</param>
    /// <param name="cut">Cuts.</param>
    /// <param name="thenWaitFor">What is waited for before it is mended; null: nothing more.</param>
    /// <param name="orders">How many each buyer places during the cut, after the first.</param>
    /// <param name="note">Hears what took how long.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<Outcome> CutAsync(
        int silo, Func<Task> cut, Func<Task>? thenWaitFor, int orders, Action<string> note, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(2 * s_patience);
        using var closing = CancellationTokenSource.CreateLinkedTokenSource(patience.Token);
        var watch = new ProductWatch(Installation.Connect);
        var watching = watch.WatchAsync(closing.Token);
        Trade.Begin(seed: 0);
        long? before, during, after;
        TimeSpan[] away;
        try
        {
            await Trade.UntilAnsweredAsync(OrdersBefore);
            before = await Installation.GenerationOfAsync(silo, stop);
            var cutAt = Stopwatch.GetTimestamp();
            await cut();
            away = await Task.WhenAll(_buyers.Select(async buyer =>
            {
                await BuyAsync(buyer, 1, patience.Token);
                return Stopwatch.GetElapsedTime(cutAt);
            }));
            var times = away.Select(
                (time, door) => FormattableString.Invariant($"{time.TotalSeconds:0.0} s through door {door}"));
            note($"everything could be ordered again after {string.Join(", ", times)}");
            if (thenWaitFor is not null)
            {
                await thenWaitFor();
                var took = Stopwatch.GetElapsedTime(cutAt).TotalSeconds;
                note(FormattableString.Invariant($"a silo had given up its place after {took:0.0} s"));
            }

            await Task.WhenAll(_buyers.Select(buyer => BuyAsync(buyer, orders, patience.Token))); // Not by luck.
            during = await Installation.GenerationOfAsync(silo, stop);
        }
        finally
        {
            await _lab.MendAsync();
        }

        var mendedAt = Stopwatch.GetTimestamp();
        for (var each = 0; each < Silos; each++) await UntilServingAsync(each, patience.Token);
        note(FormattableString.Invariant(
            $"all silos served again {Stopwatch.GetElapsedTime(mendedAt).TotalSeconds:0.0} s after the cut was mended"));
        after = await Installation.GenerationOfAsync(silo, stop);
        await Trade.EndAsync();
        await closing.CancelAsync();
        await watching;
        Audit.Passes(watch.Findings);
        await Trade.AuditAsync(note);
        return new Outcome(before, during, after, away.Min());
    }

    /// <summary>See <see cref="Lab.SlowDownAsync"/>.</summary>
    public Task SlowDownAsync(Machine machine, TimeSpan delay) => _lab.SlowDownAsync(machine, delay);

    /// <summary>Waits for what comes about by itself.</summary>
    public static async Task UntilAsync(string what, Func<Task<bool>> isSo, CancellationToken stop)
    {
        var since = Stopwatch.GetTimestamp();
        while (!await isSo())
        {
            Assert.True(Stopwatch.GetElapsedTime(since) < s_patience, $"Not within {s_patience}: {what}.");
            await Task.Delay(s_looksEvery, stop);
        }
    }

    /// <summary>One of some silos is no member at this moment.</summary>
    public Task UntilOneIsGoneAsync(IEnumerable<int> silos, CancellationToken stop) => UntilAsync(
        "one of them has gone",
        async () => (await Task.WhenAll(silos.Select(s => Installation.GenerationOfAsync(s, stop)))).Contains(null), stop);

    /// <summary>The silo is a member again, and everything can be ordered.</summary>
    public async Task UntilServingAsync(int silo, CancellationToken stop)
    {
        await UntilAsync(
            $"silo {silo} is a member", async () => await Installation.GenerationOfAsync(silo, stop) is not null, stop);
        await Task.WhenAll(_buyers.Select(buyer => BuyAsync(buyer, 1, stop)));
    }

    /// <summary>One of everything, so that every silo is needed.</summary>
    private async Task BuyAsync(Shopper buyer, int times, CancellationToken stop)
    {
        for (var i = 0; i < times; i++)
            await buyer.OrderAsync([.. Trade.Products.Select(id => (id, 1L))], stop).WaitAsync(s_patience, stop);
    }

    public async ValueTask DisposeAsync()
    {
        _trade?.Dispose();
        await Installation.DisposeAsync();
        await _lab.DisposeAsync();
    }

    private async Task InviteAsync(CancellationToken stop)
    {
        _trade = await Installation.TradeAsync(shoppers: 0, stop);
        foreach (var door in Installation.Doors)
        {
            await _trade.InviteAsync(new OneDoor(door), ShoppersAtADoor);
            _buyers.Add(await _trade.InviteBuyerAsync(new OneDoor(door)));
        }
    }

    /// <summary>What a cut has done. Generations are null where the silo was no member.</summary>
    /// <param name="Before">The silo's generation.</param>
    /// <param name="During">The same, at the end of the cut.</param>
    /// <param name="After">The same, when it served again.</param>
    /// <param name="Fastest">From the cut to the first order of everything.</param>
    public sealed record Outcome(long? Before, long? During, long? After, TimeSpan Fastest);

    private sealed record OneDoor(Uri Address) : IPremises;
}
