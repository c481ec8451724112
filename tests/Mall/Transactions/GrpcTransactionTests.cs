using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Mall.Api.Transactions.Wire;
using Mall.Tests.Hosting;

namespace Mall.Tests.Transactions;

/// <summary>DTM's gRPC, spoken message by message, and branches that are gRPC methods.</summary>
public sealed class GrpcTransactionTests(DtmMall mall) : IClassFixture<DtmMall>
{
    private readonly CallInvoker _dtm = mall.Grpc.CreateCallInvoker();

    private static string NewGid() => $"gid-{Guid.NewGuid():N}";

    private Task<TReply> CallAsync<TRequest, TReply>(string method, TRequest request)
        where TRequest : class, IMessage<TRequest> where TReply : class, IMessage<TReply>, new() =>
        _dtm.AsyncUnaryCall(
            new Method<TRequest, TReply>(
                MethodType.Unary, "dtmgimp.Dtm", method,
                Marshallers.Create<TRequest>(message => message.ToByteArray(), _ => throw new NotSupportedException()),
                Marshallers.Create<TReply>(_ => throw new NotSupportedException(), bytes =>
                {
                    var reply = new TReply();
                    reply.MergeFrom(bytes);
                    return reply;
                })),
            null, new CallOptions(deadline: DateTime.UtcNow.AddSeconds(30)), request).ResponseAsync;

    private Task<Empty> SendAsync(string method, DtmRequest request) => CallAsync<DtmRequest, Empty>(method, request);

    private static async Task FailsAsync(StatusCode status, Task<Empty> call) =>
        Assert.Equal(status, (await Assert.ThrowsAsync<RpcException>(() => call)).StatusCode);

    private DtmRequest Saga(string gid, params string[] actions) => new()
    {
        Gid = gid, TransType = "saga", TransOptions = new DtmTransOptions { WaitResult = true, RetryInterval = 3600 },
        Steps = $"[{string.Join(',', actions.Select(a =>
            $$"""{"action":"{{mall.Services.Rpc(a)}}","compensate":"{{mall.Services.Rpc("ok")}}"}"""))}]",
        BinPayloads = { actions.Select(a => ByteString.CopyFromUtf8(a)) },
    };

    [Fact]
    public async Task NewGid_IsAnother_EachTime() => Assert.NotEqual(
        (await CallAsync<Empty, DtmGidReply>("NewGid", new Empty())).Gid,
            (await CallAsync<Empty, DtmGidReply>("NewGid", new Empty())).Gid);

    [Fact]
    public async Task Saga_OfGrpcBranches_SendsTheBytesAndTheMetadata()
    {
        var gid = NewGid();
        var saga = Saga(gid, "ok", "ok");
        saga.TransOptions.BranchHeaders["x-tenant"] = "7";
        await SendAsync("Submit", saga);
        Assert.Equal(["01 action", "02 action"], mall.Services.OpsOf(gid));
        var call = mall.Services.Of(gid)[0];
        Assert.Equal(("/busi.Busi/ok", "ok", "saga", "7"), (call.Path, call.Body, call.Type, call.Headers["x-tenant"]));
        Assert.Equal("succeed", await mall.StatusAsync(gid));
    }

    /// <summary>Metadata lose blanks at their ends, and carry nothing but ASCII.</summary>
    [Fact]
    public async Task Metadata_ThatWouldNotArriveAsTheyAre_ArePercentEncoded()
    {
        foreach (var gid in (string[])[$" {NewGid()} ", $"{NewGid()} a", $"{NewGid()}-ä"])
        {
            var saga = Saga(gid, "ok");
            saga.TransOptions.BranchHeaders["x-note"] = " 7 8 ";
            await SendAsync("Submit", saga);
            var sent = gid.EndsWith('a') ? gid : Uri.EscapeDataString(gid);
            Assert.Equal("%207%208%20", Assert.Single(mall.Services.Of(sent)).Headers["x-note"]);
        }
    }

    [Fact]
    public async Task Failure_IsAborted_Ongoing_FailedPrecondition_AndNonsenseIsNeither()
    {
        var refused = NewGid();
        await FailsAsync(StatusCode.Aborted, SendAsync("Submit", Saga(refused, "ok", "refuse")));
        Assert.Equal(["01 action", "02 action", "02 compensate", "01 compensate"], mall.Services.OpsOf(refused));
        await FailsAsync(StatusCode.Aborted, SendAsync("Submit", Saga(refused, "ok")));
        await FailsAsync(StatusCode.FailedPrecondition, SendAsync("Submit", Saga(NewGid(), "ongoing")));
        await FailsAsync(StatusCode.FailedPrecondition, SendAsync("Submit", Saga(NewGid(), "break")));
        await FailsAsync(StatusCode.InvalidArgument, SendAsync("Submit", Saga("", "ok")));
        await FailsAsync(StatusCode.Aborted, SendAsync("Abort", new DtmRequest { Gid = NewGid(), TransType = "tcc" }));
    }

    /// <summary>Metadata carry the beginning of a reason, and what is stored is the whole.</summary>
    [Fact]
    public async Task Failure_AtLength_IsAFailure_AndItsStatusIsShort()
    {
        var gid = NewGid();
        var refusal = await Assert.ThrowsAsync<RpcException>(() => SendAsync("Submit", Saga(gid, "refuseAtLength")));
        Assert.Equal(StatusCode.Aborted, refusal.StatusCode);
        Assert.InRange(refusal.Status.Detail.Length, 100, 4096);
        var kept = (await mall.GetAsync($"query?gid={gid}")).Json.GetProperty("transaction");
        Assert.Contains(
            new string('n', Services.AtLength), kept.GetProperty("rollback_reason").GetString(), StringComparison.Ordinal);
    }

    /// <summary>As large as gRPC's own clients take one.</summary>
    [Fact]
    public async Task Success_AtLength_IsASuccess()
    {
        var gid = NewGid();
        await SendAsync("Submit", Saga(gid, "okAtLength"));
        Assert.Equal("succeed", await mall.StatusAsync(gid));
    }

    [Fact]
    public async Task Message_Prepared_IsQueriedByGrpc()
    {
        var gid = NewGid();
        await SendAsync("Prepare", new DtmRequest
        {
            Gid = gid, TransType = "msg", QueryPrepared = mall.Services.Rpc("ongoing_ok"),
            TransOptions = new DtmTransOptions { TimeoutToFail = 1 }, Steps = $$"""[{"action":"{{mall.Services.Rpc("ok")}}"}]""",
            BinPayloads = { ByteString.CopyFromUtf8("x") },
        });
        await mall.UntilAsync(gid, "succeed");
        Assert.Equal(["00 msg", "00 msg", "01 action"], mall.Services.OpsOf(gid));
    }

    [Fact]
    public async Task Tcc_RegistersBranches_AndConfirmsThem()
    {
        var gid = NewGid();
        var tcc = new DtmRequest { Gid = gid, TransType = "tcc" };
        await SendAsync("Prepare", tcc);
        var branch = new DtmBranchRequest
        {
            Gid = gid, TransType = "tcc", BranchID = "01", BusiPayload = ByteString.CopyFromUtf8("pay"),
            Data = { ["confirm"] = mall.Services.Rpc("ok"), ["cancel"] = mall.Services.Rpc("ok") },
        };
        await CallAsync<DtmBranchRequest, Empty>("RegisterBranch", branch);
        await FailsAsync(StatusCode.Aborted, SendAsync("Abort", new DtmRequest { Gid = gid, TransType = "xa" }));
        await SendAsync("Submit", tcc);
        await mall.UntilAsync(gid, "succeed");
        Assert.Equal(("confirm", "pay"), (mall.Services.Of(gid)[0].Op, mall.Services.Of(gid)[0].Body));
        await FailsAsync(StatusCode.Aborted, CallAsync<DtmBranchRequest, Empty>("RegisterBranch", branch));
    }

    [Fact]
    public async Task Workflow_GetsItsProgressBack_AndIsCalledWithItsData()
    {
        var gid = NewGid();
        var request = new DtmRequest
        {
            Gid = gid, TransType = "workflow", QueryPrepared = $"{mall.Services.Grpc}/workflow.Workflow/ok",
            CustomedData = """{"name":"wf","data":"aGk="}""",
        };
        Assert.Empty((await CallAsync<DtmRequest, DtmProgressesReply>("PrepareWorkflow", request)).Progresses);
        await CallAsync<DtmBranchRequest, Empty>("RegisterBranch", new DtmBranchRequest
        {
            Gid = gid, TransType = "workflow", BranchID = "01", BusiPayload = ByteString.CopyFrom(0, 255),
            Data = { ["op"] = "action", ["status"] = "succeed" },
        });
        var progress = Assert.Single((await CallAsync<DtmRequest, DtmProgressesReply>("PrepareWorkflow", request)).Progresses);
        Assert.Equal(("01", "action", "succeed"), (progress.BranchID, progress.Op, progress.Status));
        Assert.Equal([0, 255], progress.BinData.ToByteArray());
        await CallAsync<DtmBranchRequest, Empty>("RegisterBranch", new DtmBranchRequest
        {
            Gid = gid, TransType = "workflow", Data = { ["op"] = "action", ["status"] = "succeed" }, // Of no branch.
        });
        var both = (await CallAsync<DtmRequest, DtmProgressesReply>("PrepareWorkflow", request)).Progresses;
        Assert.Equal(["", "01"], both.Select(step => step.BranchID).Order());
        await TestMall.EventuallyAsync(() => Task.FromResult(mall.Services.Of(gid).Length > 0), "its client is called");
        Assert.Equal(("00", "wf", "\n\u0002hi"),
            (mall.Services.Of(gid)[0].BranchId, mall.Services.Of(gid)[0].Op, mall.Services.Of(gid)[0].Body));
        await SendAsync("Submit", new DtmRequest
        {
            Gid = gid, TransType = "workflow", ReqExtra = { ["status"] = "failed", ["rollback_reason"] = "no money" },
        });
        var end = (await CallAsync<DtmRequest, DtmProgressesReply>("PrepareWorkflow", request)).Transaction;
        Assert.Equal(("failed", "no money"), (end.Status, end.RollbackReason));
    }

    /// <summary>They are no JSON that its calls could carry.</summary>
    [Theory]
    [InlineData("""{"\ud800":1}""")]
    [InlineData("""{"a":1,"a":2}""")]
    public async Task Tcc_ByJsonRpc_RegistersNoDataWithNamesThatNobodyReads(string data)
    {
        var (gid, target) = (NewGid(), mall.Services.Url("rpc-ok") + "?method=Confirm");
        await mall.PostAsync("prepare", new { gid, trans_type = "tcc", protocol = "json-rpc", timeout_to_fail = 60 });
        await FailsAsync(StatusCode.Aborted, CallAsync<DtmBranchRequest, Empty>("RegisterBranch", new DtmBranchRequest
        {
            Gid = gid, TransType = "tcc", BranchID = "01", BusiPayload = ByteString.CopyFromUtf8(data),
            Data = { ["confirm"] = target, ["cancel"] = target },
        }));
        Assert.Empty(await mall.BranchesAsync(gid));
    }

    [Fact]
    public async Task Topics_AreSubscribedToByGrpc()
    {
        var topic = new DtmTopicRequest { Topic = NewGid(), URL = mall.Services.Rpc("ok"), Remark = "r" };
        await CallAsync<DtmTopicRequest, Empty>("Subscribe", topic);
        await FailsAsync(StatusCode.Aborted, CallAsync<DtmTopicRequest, Empty>("Subscribe", topic));
        await CallAsync<DtmTopicRequest, Empty>("Unsubscribe", topic);
        await CallAsync<DtmTopicRequest, Empty>("DeleteTopic", topic);
        await FailsAsync(StatusCode.Aborted, CallAsync<DtmTopicRequest, Empty>("DeleteTopic", topic));
    }
}
