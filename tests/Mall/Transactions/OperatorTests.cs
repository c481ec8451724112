using System.Net;
using Mall.Sagas;
using Mall.Tests.FrontDoor;
using Mall.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.Transactions;

/// <summary>Operators see transactions of services beside the mall's own sagas, and push them alike.</summary>
public sealed class OperatorTests(DtmMall mall) : IClassFixture<DtmMall>
{
    private ISagaDirectoryGrain Sagas => mall.Mall.GetRequiredService<IGrainFactory>().GetGrain<ISagaDirectoryGrain>(0);

    private Task<Answer> SubmitAsync(string gid, string action) => mall.PostAsync("submit", new
    {
        gid, trans_type = "saga", retry_interval = 3600,
        steps = new[] { new { action = mall.Services.Url(action), compensate = mall.Services.Url("ok") } },
    });

    private async Task<SagaView> RestingAsync(string gid)
    {
        SagaView? saga = null;
        await TestMall.EventuallyAsync(
            async () => (saga = (await Sagas.Get(gid)).Value) is { Attempts: > 0 } or { Status: "succeed" or "failed" },
                $"{gid} rests");
        return saga!;
    }

    [Fact]
    public async Task Saga_IsListedWithItsKindAndBranches_AndIsRetriedNow()
    {
        await SubmitAsync("retried", "then/break,ok");
        var saga = await RestingAsync("retried");
        Assert.Equal(("saga", "submitted"), (saga.Kind, saga.Status));
        Assert.Contains("out of order", saga.Reason, StringComparison.Ordinal);
        Assert.Equal(
            [("01", "compensate", "prepared"), ("01", "action", "prepared")],
                saga.Branches.Select(b => (b.BranchId, b.Op, b.Status)));
        Assert.Contains((await Sagas.List("submitted", null, null, 100)).Items, s => s.Gid == "retried");
        Assert.False((await Sagas.Retry("retried", null)).IsRefused);
        await mall.UntilAsync("retried", "succeed");
        Assert.Equal(ErrorCodes.SagaStatusForbids, (await Sagas.Retry("retried", null)).Refusal!.Code);
    }

    /// <summary>A client names its transactions as it likes.</summary>
    [Fact]
    public async Task Saga_IsFoundByItsGidInThePath_WhateverIsInIt()
    {
        using var door = new HttpClient { BaseAddress = mall.MallHttp };
        door.DefaultRequestHeaders.Authorization = new("Bearer", Jwt.Operator);
        foreach (var gid in (string[])["path/1", "path%2F2", "path%2f/3", "path?4"])
        {
            await SubmitAsync(gid, "ok");
            await mall.UntilAsync(gid, "succeed");
            using var found = await door.GetAsync(
                $"/v1/sagas/{Uri.EscapeDataString(gid)}", TestContext.Current.CancellationToken);
            Assert.Equal((gid, HttpStatusCode.OK), (gid, found.StatusCode));
            Assert.Equal(gid, (await Answer.ReadAsync(found)).Json.GetProperty("gid").GetString());
            using var retried = await door.PostAsync(
                $"/v1/sagas/{Uri.EscapeDataString(gid)}/retry", null, TestContext.Current.CancellationToken);
            Assert.Equal(ErrorCodes.SagaStatusForbids, (await Answer.ReadAsync(retried)).Code);
        }
    }

    [Fact]
    public async Task Saga_IsAborted_AndAMessageIsNot()
    {
        await SubmitAsync("aborted", "break");
        await RestingAsync("aborted");
        Assert.False((await Sagas.Abort("aborted", null)).IsRefused);
        await mall.UntilAsync("aborted", "failed");
        Assert.Equal(["01 action", "01 compensate"], mall.Services.OpsOf("aborted"));
        await mall.PostAsync("submit", new
        {
            gid = "message", trans_type = "msg", retry_interval = 3600,
            steps = new[] { new { action = mall.Services.Url("break") } },
        });
        Assert.Equal(ErrorCodes.SagaStatusForbids, (await Sagas.Abort("message", null)).Refusal!.Code);
    }

    [Fact]
    public async Task Transactions_AreListed_AlsoBesideOneThatThisVersionCannotRead()
    {
        foreach (var gid in (string[])["readable", "unreadable"])
        {
            await SubmitAsync(gid, "ok");
            await mall.UntilAsync(gid, "succeed");
        }

        await mall.ChangeAsync("update sagas set payload = '{', reason = 'why' where gid = 'unreadable'");

        var listed = (await mall.GetAsync("all?limit=100")).Json.GetProperty("transactions").EnumerateArray()
            .ToDictionary(transaction => transaction.GetProperty("gid").GetString()!);
        Assert.Contains("readable", listed.Keys);
        Assert.Equal(
            ("saga", "succeed"),
            (listed["unreadable"].GetProperty("trans_type").GetString(), listed["unreadable"].GetProperty("status").GetString()));
    }
}
