using System.Net;
using System.Text.Json;
using Mall.Tests.Hosting;

namespace Mall.Tests.Transactions;

/// <summary>A transaction that does not get on is told to the operator's hook, until the hook has taken it.</summary>
public sealed class AlertTests(AlertTests.Alerted mall) : IClassFixture<AlertTests.Alerted>
{
    public sealed class Alerted : DtmMall
    {
        protected override IEnumerable<string> Settings =>
            ["--dtm-alert-url", Services.Url("then/break,ok"), "--dtm-alert-after", "2", "--dtm-clients", "127.0.0.0/8"];
    }

    [Fact]
    public async Task Transaction_ThatHasFailedSoOften_IsToldToTheHook_AgainWhenThatFails()
    {
        var saga = new
        {
            gid = "stuck", trans_type = "saga", retry_interval = 3600,
            steps = new[] { new { action = mall.Services.Url("break") } },
        };
        Assert.Equal(HttpStatusCode.OK, (await mall.PostAsync("submit", saga)).Status);
        await TestMall.EventuallyAsync(
            async () => await mall.CountAsync("select count(*) from sagas where gid = 'stuck' and attempts = 1") == 1,
            "it rests");
        Assert.Equal(0, await mall.CountAsync("select count(*) from due where kind = 'transaction.alert'"));
        Assert.Empty(mall.Services.Of("")); // It has failed once.
        await mall.WakeAsync("stuck");
        await TestMall.EventuallyAsync(() => Task.FromResult(mall.Services.Of("").Length >= 2), "the hook is told twice");
        var alert = JsonDocument.Parse(mall.Services.Of("")[1].Body).RootElement;
        Assert.Equal(("stuck", "submitted", 2), (
            alert.GetProperty("gid").GetString(), alert.GetProperty("status").GetString(),
                alert.GetProperty("retry_count").GetInt32()));
        Assert.Equal(mall.Services.Url("break"), alert.GetProperty("branch").GetString());
        Assert.Contains("out of order", alert.GetProperty("error").GetString(), StringComparison.Ordinal);
        await TestMall.EventuallyAsync(
            async () => await mall.CountAsync("select count(*) from due where kind = 'transaction.alert'") == 0,
                "it is told no more");
    }
}

/// <summary>Who may come is a matter of addresses.</summary>
public sealed class ClientTests(ClientTests.Closed mall) : IClassFixture<ClientTests.Closed>
{
    public sealed class Closed : DtmMall
    {
        protected override IEnumerable<string> Settings => ["--dtm-clients", "10.0.0.0/8"];
    }

    [Fact]
    public async Task Client_FromElsewhere_IsRefused_ByBothDoors()
    {
        Assert.Equal(HttpStatusCode.Forbidden, (await mall.GetAsync("newGid")).Status);
        using var call = mall.Grpc.CreateCallInvoker().AsyncUnaryCall(
            new Grpc.Core.Method<byte[], byte[]>(
                Grpc.Core.MethodType.Unary, "dtmgimp.Dtm", "NewGid", Grpc.Core.Marshallers.Create(b => b, b => b),
                Grpc.Core.Marshallers.Create(b => b, b => b)),
            null, default, []);
        var refusal = await Assert.ThrowsAsync<Grpc.Core.RpcException>(() => call.ResponseAsync);
        Assert.Equal(Grpc.Core.StatusCode.PermissionDenied, refusal.StatusCode);
    }
}
