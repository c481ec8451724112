using System.Net;
using Mall.Tests.Hosting;

namespace Mall.Tests.Transactions;

/// <summary>The same by JSON-RPC.</summary>
public sealed partial class SqliteTransactionTests
{
    [Fact]
    public async Task JsonRpc_DoesTheSame_AndCallsBranchesLikewise()
    {
        var (gid, refused) = (NewGid(), NewGid());
        Task<Answer> CallAsync(string method, string parameters) => Mall.SendAsync(
            "POST", "/api/json-rpc", $$"""{"jsonrpc":"2.0","id":"1","method":"{{method}}","params":{{parameters}}}""");
        string Saga(string id, string behaviour) => $$"""
            {"gid":"{{id}}","trans_type":"saga","protocol":"json-rpc","wait_result":true,"payloads":["{\"amount\":3}"],
             "steps":[{"action":"{{Services.Url(behaviour)}}?method=TransOut","compensate":""}]}
            """;
        Assert.NotEmpty((await CallAsync("newGid", "{}")).Json.GetProperty("result").GetProperty("gid").GetString()!);
        Assert.Equal("SUCCESS",
            (await CallAsync("submit", Saga(gid, "rpc-ok"))).Json.GetProperty("result").GetProperty("dtm_result").GetString());
        var call = Assert.Single(Services.Of(gid));
        Assert.Contains("\"method\":\"TransOut\"", call.Body, StringComparison.Ordinal);
        Assert.Contains("\"amount\":3", call.Body, StringComparison.Ordinal);
        Assert.Equal(("01", "action"), (call.BranchId, call.Op));
        Assert.Equal(-32901, Code(await CallAsync("submit", Saga(refused, "rpc-refuse"))));
        Assert.Equal(-32601, Code(await CallAsync("nothing", "{}")));
        Assert.Equal(-32603, Code(await CallAsync("registerBranch", """{"trans_type":"not-exists"}""")));
        Assert.Equal(-32603, Code(await CallAsync("submit", "[1]")));
        Assert.Equal(-32600, Code(await Mall.SendAsync(
            "POST", "/api/json-rpc", """{"jsonrpc":"2.0","id":"","method":"newGid"}""")));
        Assert.Equal(-32700, Code(await Mall.SendAsync("POST", "/api/json-rpc", "{")));
        Assert.Equal(-32600, Code(await Mall.SendAsync("POST", "/api/json-rpc", """{"method":"newGid"}""")));
        foreach (var half in (string[])["""{"\ud800":1}""", """{"gid":"\ud800"}"""])
            Assert.Equal(-32600, Code(await CallAsync("newGid", half)));
        Assert.Equal(-32600, Code(await CallAsync("\\ud800", "{}")));
        Assert.Equal(-32600, Code(await Mall.SendAsync(
            "POST", "/api/json-rpc", """{"jsonrpc":"2.0","id":"\ud800","method":"newGid"}""")));
        Assert.Equal(-32600, Code(await Mall.SendAsync(
            "POST", "/api/json-rpc", """{"jsonrpc":"2.0","id":"1","method":"newGid","\ud800":1}""")));

        static int Code(Answer answer) => answer.Json.GetProperty("error").GetProperty("code").GetInt32();
    }

    /// <summary>No client of HTTP sends a body that ends nowhere, so this one is written by hand.</summary>
    [Fact]
    public async Task JsonRpc_WhoseBodyCannotBeRead_IsNoRequest()
    {
        var server = Mall.Client.BaseAddress!;
        using var connection = new System.Net.Sockets.TcpClient(server.Host, server.Port);
        await connection.GetStream().WriteAsync(
            "POST /api/json-rpc HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nno chunk"u8
                .ToArray(), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(connection.GetStream());
        Assert.Contains(
            "\"code\":-32600", await reader.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"amount\":3}", "succeed")]
    [InlineData("", "succeed")]
    [InlineData("[3]", "prepared")]
    [InlineData("no JSON", "prepared")]
    public async Task Tcc_ByJsonRpc_RegistersOnlyDataThatItsCallsCanCarry(string data, string status)
    {
        var gid = NewGid();
        var branch = Services.Url("rpc-ok") + "?method=Confirm";
        await Mall.PostAsync("prepare", new { gid, trans_type = "tcc", protocol = "json-rpc", timeout_to_fail = 60 });
        var registered = await Mall.PostAsync("registerBranch", new
        {
            gid, trans_type = "tcc", branch_id = "01", data, confirm = branch, cancel = branch,
        });
        if (status == "succeed")
        {
            Answered(HttpStatusCode.OK, "SUCCESS", registered);
            await SubmitAsync(new { gid, trans_type = "tcc", protocol = "json-rpc" });
            await Mall.UntilAsync(gid, status);
            return;
        }

        Answered(HttpStatusCode.Conflict, "FAILURE", registered);
        Assert.Contains("JSON object", registered.Json.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(status, await Mall.StatusAsync(gid));
        Assert.Empty(await Mall.BranchesAsync(gid));
    }
}
