using System.Net;
using Mall.Sagas;
using Mall.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.Transactions;

/// <summary>What others want of a transaction while one of its calls is under way.</summary>
public sealed class UnderWayTests : IAsyncLifetime
{
    private readonly DtmMall _mall = new();

    private ISagaDirectoryGrain Sagas => _mall.Mall.GetRequiredService<IGrainFactory>().GetGrain<ISagaDirectoryGrain>(0);

    public ValueTask InitializeAsync() => _mall.InitializeAsync();

    public ValueTask DisposeAsync() => _mall.DisposeAsync();

    /// <summary>Whether its next call is due soon: then somebody else makes it, should this mall die now.</summary>
    [Theory]
    [InlineData("then/break,held", "ok", "action")]
    [InlineData("refuse", "then/break,held", "compensate")]
    public async Task Push_OfATransactionThatRestsForAnHour_IsDurableWhenItIsAnswered(string action, string compensate, string op)
    {
        await SubmitAsync("pushed", action, compensate);
        await TestMall.EventuallyAsync(
            async () => await CountAsync("attempts > 0 and next_time > update_time + 600000") == 1, "it rests");

        var pushed = op == "action" ? await Sagas.Retry("pushed", null) : await Sagas.Abort("pushed", null);

        Assert.False(pushed.IsRefused);
        Assert.Equal(1, await CountAsync("next_time < update_time + 600000"));
        _mall.Services.Release();
        await _mall.UntilAsync("pushed", op == "action" ? "succeed" : "failed");
        Assert.Equal(2, _mall.Services.OpsOf("pushed").Count(call => call == $"01 {op}"));
    }

    [Fact]
    public async Task Registration_WithAnotherKindOfTransaction_DoesNotEndItsRun()
    {
        await SubmitAsync("running", "held", "ok");
        await TestMall.EventuallyAsync(() => Task.FromResult(_mall.Services.Of("running").Length > 0), "it is called");

        var registered = await _mall.PostAsync("registerBranch", new { gid = "running", trans_type = "tcc", branch_id = "02" });
        Assert.Equal(HttpStatusCode.Conflict, registered.Status);
        Assert.False((await Sagas.Retry("running", null)).IsRefused); // Of another activation it would be a call more.

        _mall.Services.Release();
        await _mall.UntilAsync("running", "succeed");
        Assert.Equal(["01 action"], _mall.Services.OpsOf("running"));
    }

    private async Task SubmitAsync(string gid, string action, string compensate)
    {
        var submitted = await _mall.PostAsync("submit", new
        {
            gid, trans_type = "saga", retry_interval = 3600, request_timeout = 300,
            steps = new[] { new { action = _mall.Services.Url(action), compensate = _mall.Services.Url(compensate) } },
        });
        Assert.Equal(HttpStatusCode.OK, submitted.Status);
    }

    private Task<long> CountAsync(string condition) =>
        _mall.CountAsync($"select count(*) from sagas where gid = 'pushed' and {condition}");
}
