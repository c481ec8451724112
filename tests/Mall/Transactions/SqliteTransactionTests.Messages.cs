using System.Net;
using Mall.Tests.Hosting;

namespace Mall.Tests.Transactions;

/// <summary>Messages: when they are sent.</summary>
public sealed partial class SqliteTransactionTests
{
    [Fact]
    public async Task Message_WithADelay_WaitsForIt_AndAConcurrentOneWaitsForNobody()
    {
        var (delayed, concurrent) = (NewGid(), NewGid());
        await SubmitAsync(new
        {
            gid = delayed, trans_type = "msg", custom_data = """{"delay":3600}""",
            steps = new[] { new { action = Services.Url("ok") } }, payloads = new[] { "{}" },
        });
        await SubmitAsync(new
        {
            gid = concurrent, trans_type = "msg", concurrent = true,
            steps = new[] { new { action = Services.Url("hang") }, new { action = Services.Url("ok") } },
            payloads = new[] { "{}", "{}" },
        });
        await TestMall.EventuallyAsync(
            async () => (await Mall.BranchesAsync(concurrent)).Contains("02 action succeed"),
                "the second does not wait for the first");
        Assert.Equal("submitted", await Mall.StatusAsync(delayed));
        Assert.Empty(Services.Of(delayed));
        await Mall.PostAsync("forceStop", new { gid = concurrent });
    }

    /// <summary>DTM's clients say how long only when they submit: the wait begins then, and a restart does not end it.</summary>
    [Fact]
    public async Task Message_PreparedWithoutADelayAndSubmittedWithOne_WaitsForIt()
    {
        var (delayed, soon) = (NewGid(), NewGid());
        foreach (var (gid, seconds) in ((string, int)[])[(delayed, 3600), (soon, 1)])
        {
            object Message(string? custom) => new
            {
                gid, trans_type = "msg", query_prepared = Services.Url("ok"), custom_data = custom,
                steps = new[] { new { action = Services.Url("ok") } }, payloads = new[] { "{}" },
            };
            Answered(HttpStatusCode.OK, "SUCCESS", await Mall.PostAsync("prepare", Message(null)));
            Answered(HttpStatusCode.OK, "SUCCESS", await Mall.PostAsync("submit", Message($$"""{"delay":{{seconds}}}""")));
        }

        await Mall.ReopenAsync();
        await Mall.UntilAsync(soon, "succeed");
        await Mall.PostAsync("resetNextCronTime", new { gid = delayed });
        Assert.Equal("submitted", await Mall.StatusAsync(delayed));
        Assert.Empty(Services.Of(delayed));
    }

    /// <summary>Nobody could be asked whether it was meant, so it would never end by itself.</summary>
    [Fact]
    public async Task Message_WithNobodyToAsk_IsNotPrepared_ButSubmitted()
    {
        var gid = NewGid();
        var message = new
        {
            gid, trans_type = "msg", timeout_to_fail = 1, retry_interval = 1,
            steps = new[] { new { action = Services.Url("ok") } }, payloads = new[] { "{}" },
        };
        var refused = await Mall.PostAsync("prepare", message);
        Assert.Equal(HttpStatusCode.InternalServerError, refused.Status);
        Assert.Contains("query_prepared", refused.Json.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("none", await Mall.StatusAsync(gid));
        Answered(HttpStatusCode.OK, "SUCCESS", await Mall.PostAsync("submit", message));
        await Mall.UntilAsync(gid, "succeed");
    }
}
