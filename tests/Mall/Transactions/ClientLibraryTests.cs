using System.Data.Common;
using Mall.Transactions.Client;
using Microsoft.Data.Sqlite;

namespace Mall.Tests.Transactions;

/// <summary>The client for .NET against a mall, and its barrier on SQLite.</summary>
public sealed class ClientLibraryTests(DtmMall mall) : IClassFixture<DtmMall>, IAsyncLifetime
{
    private readonly SqliteConnection _database = new("Data Source=:memory:");

    private TransactionClient Client => new(new HttpClient { BaseAddress = new Uri(mall.Client.BaseAddress!, "/api/dtmsvr/") });

    public async ValueTask InitializeAsync()
    {
        await _database.OpenAsync(TestContext.Current.CancellationToken);
        await BranchBarrier.CreateTableAsync(_database, TestContext.Current.CancellationToken);
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private Task<bool> CallAsync(string gid, string op, List<string> done) =>
        new BranchBarrier(op is "try" or "cancel" ? "tcc" : "saga", gid, "01", op).CallAsync(_database, _ =>
        {
            done.Add(op);
            return Task.CompletedTask;
        }, TestContext.Current.CancellationToken);

    [Theory]
    [InlineData("action", "compensate")]
    [InlineData("try", "cancel")]
    public async Task Barrier_DoesOnce_UndoesOnce_AndNeverWhatWasUndoneBefore(string action, string undo)
    {
        var (done, late) = (new List<string>(), new List<string>());
        Assert.True(await CallAsync($"a-{action}", action, done));
        Assert.False(await CallAsync($"a-{action}", action, done));
        Assert.True(await CallAsync($"a-{action}", undo, done));
        Assert.False(await CallAsync($"a-{action}", undo, done));
        Assert.Equal([action, undo], done);
        Assert.False(await CallAsync($"b-{action}", undo, late));
        Assert.False(await CallAsync($"b-{action}", action, late));
        Assert.Empty(late);
    }

    [Fact]
    public async Task Saga_AnswersInWords()
    {
        foreach (var (action, outcome) in ((string, TransactionOutcome)[])
            [("ok", TransactionOutcome.Success), ("refuse", TransactionOutcome.Refused), ("ongoing", TransactionOutcome.Ongoing)])
        {
            var saga = Client.Saga(TransactionClient.NewGid())
                .Add(mall.Services.Url(action), mall.Services.Url("ok"), new { amount = 1 });
            saga.WaitsForResult = true;
            Assert.Equal(outcome, (await saga.SubmitAsync(TestContext.Current.CancellationToken)).Outcome);
        }
    }

    [Fact]
    public async Task Tcc_IsConfirmed_OrCancelledWhenItsWorkThrows()
    {
        var (good, bad) = (TransactionClient.NewGid(), TransactionClient.NewGid());
        Task TryAsync(Tcc tcc, string behaviour) => tcc.TryAsync(
            mall.Services.Url(behaviour), mall.Services.Url("ok"), mall.Services.Url("ok"), new { },
            TestContext.Current.CancellationToken);
        Assert.True((await Client.TccAsync(good, tcc => TryAsync(tcc, "ok"), TestContext.Current.CancellationToken)).IsSuccess);
        await Assert.ThrowsAsync<InvalidOperationException>(
            () => Client.TccAsync(bad, tcc => TryAsync(tcc, "refuse"), TestContext.Current.CancellationToken));
        await mall.UntilAsync(good, "succeed");
        await mall.UntilAsync(bad, "failed");
        Assert.Equal(["01 try", "01 confirm"], mall.Services.OpsOf(good));
        Assert.Equal(["01 try", "01 cancel"], mall.Services.OpsOf(bad));
    }

    [Fact]
    public async Task Message_IsSentWithItsLocalTransaction_AndNeverAfterItWasGivenUp()
    {
        var (sent, lost) = (TransactionClient.NewGid(), TransactionClient.NewGid());
        Task<TransactionAnswer> SendAsync(string gid, Func<DbTransaction, Task> work) =>
            Client.Message(gid).Add(mall.Services.Url("ok"), new { }).DoAndSubmitAsync(
                mall.Services.Url("ok"), _database, work, TestContext.Current.CancellationToken);
        Assert.True((await SendAsync(sent, _ => Task.CompletedTask)).IsSuccess);
        await mall.UntilAsync(sent, "succeed");
        Assert.True(await BranchBarrier.WasCommittedAsync(_database, sent, TestContext.Current.CancellationToken));
        Assert.False(await BranchBarrier.WasCommittedAsync(_database, lost, TestContext.Current.CancellationToken));
        Assert.Equal(TransactionOutcome.Refused, (await SendAsync(lost, _ => throw new InvalidOperationException())).Outcome);
    }
}
