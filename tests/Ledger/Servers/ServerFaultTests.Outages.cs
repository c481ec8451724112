using System.Diagnostics;
using Mall.Ledger.Stores;
using static Mall.Ledger.CommitOutcome;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

public abstract partial class ServerFaultTests
{
    [Fact]
    public async Task ServerDown_IsUnavailable_AndTheLedgerRecoversByItself()
    {
        await Server.StopAsync();
        try
        {
            var waited = Stopwatch.StartNew();
            var commit = Commit(Action("g"), Take(1, 3));
            await Assert.ThrowsAsync<LedgerUnavailableException>(() => Ledger.QueryAsync(ProductRow, Cancel, 1));
            await Assert.ThrowsAsync<LedgerUnavailableException>(() => Ledger.NextIdAsync("new", Cancel).AsTask());
            await Assert.ThrowsAsync<LedgerUnavailableException>(() => Store.PickAsync(ClaimOfMail()));

            // The first batch after the stop may have been sent before anybody noticed: then nobody can say that nothing
            // happened.
            await Assert.ThrowsAnyAsync<Exception>(() => commit);
            Assert.InRange(waited.Elapsed, Patience - TimeSpan.FromSeconds(1), Patience + TimeSpan.FromSeconds(3));
            await Assert.ThrowsAsync<LedgerUnavailableException>(() => Commit(Action("h"), Take(1, 3)));
        }
        finally
        {
            await Server.StartAgainAsync();
        }

        Assert.Contains(await Retry(() => Commit(Action("g"), Take(1, 3))), (CommitOutcome[])[Applied, Duplicate]);
        Assert.Equal((97, 3), Assert.Single(await Ledger.QueryAsync(ProductRow, Cancel, 1)));
        Assert.Equal(1, await Ledger.NextIdAsync("new", Cancel));
        Assert.Empty(await Store.PickAsync(ClaimOfMail()));
    }

    [Fact]
    public async Task ServerThatHangs_KeepsNobodyWaitingForEver_AndWhatItWasSentHappensOnce()
    {
        await Commit(Setting("connected", "1"));
        await Server.SuspendAsync();
        try
        {
            var waited = Stopwatch.StartNew();
            var read = Ledger.QueryAsync(ProductRow, Cancel, 1);
            await Assert.ThrowsAsync<LedgerOutcomeUnknownException>(() => Commit(Action("g"), Take(1, 3)));
            Assert.InRange(waited.Elapsed, TimeSpan.Zero, Patience + TimeSpan.FromSeconds(3));
            await Assert.ThrowsAsync<LedgerUnavailableException>(() => read);
        }
        finally
        {
            await Server.ResumeAsync();
        }

        Assert.Contains(await Retry(() => Commit(Action("g"), Take(1, 3))), (CommitOutcome[])[Applied, Duplicate]);
        Assert.Equal("97", await StockOf(1));
    }

    [Theory]
    [InlineData("kill the server")]
    [InlineData("stop the server")]
    [InlineData("cut the network")]
    [InlineData("kill the sessions")]
    public async Task UnderLoad_NothingIsLost_AndNothingHappensTwice(string fault)
    {
        await Commit(Product(3, 1_000_000));
        using var stop = new CancellationTokenSource();
        var told = new List<string>[12];
        var clients = Enumerable.Range(0, told.Length).Select(async client =>
        {
            told[client] = [];
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                var gid = $"{client}-{i}";
                var outcome = await Retry(() => Commit(Action(gid), Take(3, 1)));
                Assert.Contains(outcome, (CommitOutcome[])[Applied, Duplicate]);
                told[client].Add(gid);
            }
        }).ToList();

        for (var round = 0; round < 3; round++)
        {
            var sum = told.Sum(gids => gids?.Count ?? 0);
            await Eventually(() => Task.FromResult(told.Sum(gids => gids?.Count ?? 0) > sum + 100));
            await InflictAsync(fault);
        }

        await stop.CancelAsync();
        await Task.WhenAll(clients);
        var acknowledged = told.SelectMany(gids => gids).ToHashSet();
        var present = (await Sql("select gid from barrier")).Split('\n').ToHashSet();
        Assert.Empty(acknowledged.Except(present));
        Assert.Equal(acknowledged.Count, present.Count); // Every client has stayed until it knew.
        Assert.Equal($"{1_000_000 - present.Count}", await StockOf(3));
    }

    private async Task InflictAsync(string fault)
    {
        switch (fault)
        {
            case "kill the server":
                await Server.KillAsync();
                await Server.StartAgainAsync();
                break;
            case "stop the server":
                await Server.StopAsync();
                await Server.StartAgainAsync();
                break;
            case "cut the network":
                Network.RefusesConnections = true;
                Network.Cut();
                await Task.Delay(TimeSpan.FromMilliseconds(500), Cancel);
                Network.RefusesConnections = false;
                break;
            default:
                await Server.KillSessionsAsync(Database, Cancel);
                break;
        }
    }

    /// <summary>As a saga does it: the same call again, under the same barrier key, until its outcome is known.</summary>
    private static async Task<CommitOutcome> Retry(Func<Task<CommitOutcome>> commit)
    {
        while (true)
        {
            try
            {
                return await commit();
            }
            catch (Exception failure) when (failure is LedgerUnavailableException or LedgerOutcomeUnknownException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(50), Cancel);
            }
        }
    }

    private static Pick<DueItem> ClaimOfMail() => ShortQueries.Claim(
        new DueClaim("me", ["mail"], DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch, 1));
}
