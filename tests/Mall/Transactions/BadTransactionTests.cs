using System.Net;
using System.Text;
using Mall.Tests.Hosting;

namespace Mall.Tests.Transactions;

/// <summary>A transaction that makes no sense is answered with a sentence that says why, and leaves nothing behind.</summary>
public sealed class BadTransactionTests(BadTransactionTests.Guarded mall) : IClassFixture<BadTransactionTests.Guarded>
{
    /// <summary>Calls this machine and names of one domain alone.</summary>
    public sealed class Guarded : DtmMall
    {
        protected override IEnumerable<string> Settings => ["--dtm-allow", "127.0.0.0/8,*.shop.example,only.example"];
    }

    private const string Ok = "http://127.0.0.1:9/ok";

    private static readonly string s_step = $$"""[{"action":"{{Ok}}","compensate":"{{Ok}}"}]""";

    /// <summary>A call, its body with <c>GID</c> where its gid goes, and a word of the answer.</summary>
    public static TheoryData<string, string, string> Bad
    {
        get
        {
            var bad = new TheoryData<string, string, string>();
            foreach (var body in (string[])["", "{", "[]", "1", "null", "\"text\"", """{"gid":1}""",
                """{"gid":"GID","steps":1}"""])
                bad.Add("submit", body, body == "null" ? "null" : "JSON");
            foreach (var gid in (string[])["", "a\\u0000b", "a\\nb", "order-7-0123456789abcdef0123456789abcdef", "order-k@7",
                "close-7", "refund-7", new('g', 129)])
                bad.Add("submit", $$"""{"gid":"{{gid}}","trans_type":"saga","steps":{{s_step}}}""", "gid");
            bad.Add("submit", $$"""{"trans_type":"saga","steps":{{s_step}}}""", "gid");
            foreach (var type in (string[])["", "Saga", "order", "2pc"])
                bad.Add("submit", $$"""{"gid":"GID","trans_type":"{{type}}","steps":{{s_step}}}""", "trans_type");
            foreach (var url in (string[])
                [
                    "ftp://127.0.0.1/x", "file:///etc/passwd", "http://", "http:///x", "http://127.0.0.1:99999/x", "nonsense",
                    "127.0.0.1/x",
                    "127.0.0.1:80/Service", "127.0.0.1:80/pkg.Service/", "http://user:password@127.0.0.1/x",
                    "http://127.0.0.1/a b",
                    "http://127.0.0.1/\\u0007", "127.0.0.1/pkg.Service/Method", "etcd://nobody:2379/busi/pkg.Service/Method",
                    "consul://nobody/busi/pkg.Service/Method", "direct:///nowhere/pkg.Service/Method", "topic://name",
                    "http://192.168.1.1/x", "http://8.8.8.8/x", "http://169.254.169.254/latest", "http://[::1]/x",
                    "http://0.0.0.0/x",
                    "http://shop.example.evil.example/x", "http://evilshop.example/x", "http://134744072/x",
                    "http://0x08080808/x",
                    "10.0.0.1:80/pkg.Service/Method", "direct:///127.0.0.1:80,10.0.0.1:80/pkg.Service/Method",
                    new string('h', 5000),
                ])
            {
                bad.Add("submit", $$"""{"gid":"GID","trans_type":"saga","steps":[{"action":"{{url}}"}]}""", "arget");
            }

            bad.Add(
                "submit", """{"gid":"GID","trans_type":"saga","steps":[{"action":"","compensate":"http://8.8.8.8/"}]}""",
                "dtm-allow");
            bad.Add("prepare", """{"gid":"GID","trans_type":"msg","query_prepared":"http://8.8.8.8/"}""", "dtm-allow");
            bad.Add("prepare", $$"""{"gid":"GID","trans_type":"msg","steps":{{s_step}}}""", "query_prepared");
            bad.Add("prepare", $$"""{"gid":"GID","trans_type":"saga","steps":{{s_step}}}""", "saga");
            bad.Add("submit", """{"gid":"GID","trans_type":"msg","steps":[{"action":"topic://nobody"}],"payloads":["{}"]}""",
                "subscriber");
            bad.Add("submit", """{"gid":"GID","trans_type":"msg","steps":[{"action":"topic://"}],"payloads":["{}"]}""", "topic");
            foreach (var (option, word) in ((string, string)[])
                [
                    ("\"payloads\":[\"a\",\"b\"]", "payloads"), ("\"payloads\":[1]", "JSON"),
                    ("\"timeout_to_fail\":-1", "timeout_to_fail"),
                    ("\"timeout_to_fail\":9223372036854775807", "timeout_to_fail"), ("\"retry_interval\":-5", "retry_interval"),
                    ("\"request_timeout\":-1", "request_timeout"), ("\"retry_limit\":-1", "retry_limit"),
                    ("\"timeout_to_fail\":\"soon\"", "JSON"), ("\"timeout_to_fail\":1e400", "JSON"),
                    ("\"wait_result\":3", "JSON"),
                    ("\"protocol\":\"smoke\"", "protocol"), ("\"custom_data\":\"{\"", "custom_data"),
                    ("\"custom_data\":\"{\\\"concurrent\\\":true,\\\"orders\\\":{\\\"5\\\":[0]}}\"", "orders"),
                    ("\"custom_data\":\"{\\\"concurrent\\\":true,\\\"orders\\\":{\\\"0\\\":[9]}}\"", "orders"),
                    ("\"custom_data\":\"{\\\"concurrent\\\":true,\\\"orders\\\":{\\\"0\\\":[0]}}\"", "circle"),
                    ("\"custom_data\":\"{\\\"concurrent\\\":true,\\\"orders\\\":{\\\"x\\\":[0]}}\"", "orders"),
                    ("\"branch_headers\":{\"a b\":\"c\"}", "header"), ("\"branch_headers\":{\"host\":\"c\"}", "header"),
                    ("\"branch_headers\":{\"content-length\":\"5\"}", "header"),
                    ("\"branch_headers\":{\"x\":\"a\\r\\nb\"}", "header"),
                    ("\"branch_headers\":{\"dtm-gid\":\"x\"}", "header"), ("\"passthrough_headers\":[\"a:b\"]", "header"),
                ])
            {
                bad.Add("submit", $$"""{"gid":"GID","trans_type":"saga","steps":{{s_step}},{{option}}}""", word);
            }

            bad.Add("submit", """{"gid":"GID","trans_type":"msg","custom_data":"{\"delay\":-1}"}""", "delay");
            foreach (var (option, word) in ((string, string)[])
                [
                    (""" "payloads":["{\"a\":1,\"a\":2}"] """, "payload of step 1"),
                    (""" "payloads":["[{\"b\":{\"a\":1,\"a\":2}}]"] """, "payload of step 1"),
                    (""" "payloads":["{\"a\":1,\"a\":2}"],"protocol":"json-rpc" """, "payload of step 1"),
                    (""" "payloads":["{\"\\ud800\":1}"] """, "payload of step 1"),
                    (""" "payloads":["{\"a\":{\"\\ud800\":1}}"],"protocol":"json-rpc" """, "payload of step 1"),
                    (""" "\ud800":1 """, "The body"),
                    (""" "gid":"GID" """, "JSON"), (""" "custom_data":"{\"delay\":1,\"delay\":2}" """, "custom_data"),
                    (""" "branch_headers":{"a":"1","a":"2"} """, "branch_headers must be an object of texts"),
                    (""" "branch_headers":{"a":1} """, "branch_headers must be an object of texts"),
                    (""" "timeout_to_fail":"soon" """, "timeout_to_fail must be a whole number"),
                    (""" "wait_result":3 """, "wait_result must be true or false"),
                    (""" "payloads":{} """, "payloads must be a list"), (""" "payloads":[1] """, "payloads[0] must be a text"),
                    (""" "custom_data":"{\"orders\":{\"1\":0}}" """, "orders must be an object of lists"),
                    (""" "custom_data":"{\"data\":7}" """, "data must be a text in base64"),
                ])
            {
                bad.Add("submit", $$"""{"gid":"GID","trans_type":"saga","steps":{{s_step}},{{option}}}""", word);
            }

            foreach (var payload in (string[])["[1]", "1", "{", "text", """{\"a\":1,\"a\":2}"""])
            {
                bad.Add("submit", $$"""
                    {"gid":"GID","trans_type":"saga","protocol":"json-rpc","payloads":["{{payload}}"],
                     "steps":[{"action":"{{Ok}}?method=Add"}]}
                    """, "payload of step 1");
            }

            foreach (var type in (string[])["tcc", "xa"])
            {
                foreach (var data in (string[])["""{\"a\":1,\"a\":2}""", """{\"\\ud800\":1}"""])
                {
                    bad.Add("registerBranch", $$"""
                        {"gid":"GID","trans_type":"{{type}}","branch_id":"01","data":"{{data}}","url":"{{Ok}}"}
                        """, "data");
                }
            }

            bad.Add("registerBranch", """{"gid":"GID","gid":"GID","trans_type":"tcc","branch_id":"01"}""", "JSON");
            bad.Add("submit", """{"gid":"GID","trans_type":"saga","steps":[null]}""", "null");
            bad.Add("submit", """{"gid":"GID","trans_type":"workflow","req_extra":{"status":"maybe"}}""", "status");
            bad.Add("prepareWorkflow", """{"gid":"GID","trans_type":"workflow","custom_data":"{\"name\":\"\"}"}""", "name");
            bad.Add("registerBranch", """{"gid":"GID","trans_type":"tcc","branch_id":"","confirm":"","cancel":""}""",
                "branch_id");
            bad.Add("registerBranch", """{"gid":"GID","trans_type":"saga","branch_id":"01"}""", "saga");
            bad.Add("registerBranch", """{"gid":"GID","trans_type":"tcc","branch_id":"01","confirm":"http://8.8.8.8/"}""",
                "dtm-allow");
            bad.Add("registerBranch", """{"gid":"GID","trans_type":"tcc","branch_id":"01"}""", "no transaction");
            bad.Add("registerBranch", """{"gid":"GID","trans_type":"workflow","branch_id":"01","op":"a b","status":"succeed"}""",
                "op");
            bad.Add("registerBranch", """{"gid":"GID","trans_type":"workflow","branch_id":"01","op":"action","status":"x"}""",
                "status");
            bad.Add("registerBranch", """{"gid":"GID","trans_type":"tcc","branch_id":1}""", "JSON");
            return bad;
        }
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public async Task BadTransaction_IsAnsweredWithASentence_AndLeavesNothing(string call, string body, string word)
    {
        var gid = $"bad-{Guid.NewGuid():N}";
        var answer = await mall.SendAsync("POST", $"/api/dtmsvr/{call}", body.Replace("GID", gid, StringComparison.Ordinal));
        Assert.True(answer.Status is HttpStatusCode.InternalServerError or HttpStatusCode.Conflict, $"{answer.Status}");
        var message = answer.Json.GetProperty("message").GetString()!;
        Assert.Contains(word, message, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"Mall\.|System\.|`\d", message); // How it is built is nobody's business.
        Assert.Equal(answer.Status == HttpStatusCode.Conflict, answer.Json.TryGetProperty("dtm_result", out _));
        Assert.Equal(0, await mall.CountAsync("select count(*) from sagas"));
        Assert.Equal(0, await mall.CountAsync("select count(*) from transaction_branches"));
        Assert.Empty(mall.Log.WarningsOfTheMall);
    }

    [Fact]
    public async Task HeaderToPassThrough_ThatNoBranchCouldBeSent_IsRefused()
    {
        using var client = new HttpClient(new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 });
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(mall.Client.BaseAddress!, "/api/dtmsvr/submit"));
        request.Headers.Add("x-user", "Zoë");
        request.Content = new StringContent(
            $$"""{"gid":"bad-header","trans_type":"saga","steps":{{s_step}},"passthrough_headers":["x-user"]}""");
        using var refused = await client.SendAsync(request, TestContext.Current.CancellationToken);
        var answer = await Answer.ReadAsync(refused);
        Assert.Contains("header x-user", answer.Json.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal("none", await mall.StatusAsync("bad-header"));
    }

    [Theory]
    [InlineData("all?limit=0")]
    [InlineData("all?limit=x")]
    [InlineData("all?position=x")]
    [InlineData("all?createTimeStart=now")]
    [InlineData("query?gid=")]
    [InlineData("resetCronTime?timeout=-1")]
    [InlineData("subscribe?topic=&url=http://127.0.0.1/")]
    [InlineData("subscribe?topic=a&url=")]
    [InlineData("subscribe?topic=a&url=http://8.8.8.8/")]
    [InlineData("unsubscribe?topic=a")]
    public async Task BadQuestion_IsAnsweredWithASentence(string call) =>
        Assert.NotEmpty((await mall.GetAsync(call)).Json.GetProperty("message").GetString()!);
}

/// <summary>Where branches may live.</summary>
public sealed class TargetTests(BadTransactionTests.Guarded mall) : IClassFixture<BadTransactionTests.Guarded>
{
    [Fact]
    public async Task Page_OfAnotherOrigin_MayNotAsk()
    {
        foreach (var (header, value, status) in ((string, string, HttpStatusCode)[])
        [
            ("Origin", "https://evil.example", HttpStatusCode.Forbidden), ("Origin", "null", HttpStatusCode.Forbidden),
            ("Sec-Fetch-Site", "cross-site", HttpStatusCode.Forbidden), ("Sec-Fetch-Site", "same-site", HttpStatusCode.Forbidden),
            ("Origin", $"http://{mall.Client.BaseAddress!.Authority}", HttpStatusCode.OK),
            ("Sec-Fetch-Site", "none", HttpStatusCode.OK),
        ])
            Assert.Equal(status, await AskAsync(header, value));
    }

    /// <summary>Its name has been turned to this machine since it was loaded: its requests are of the same origin.</summary>
    [Theory]
    [InlineData("rebound.example", HttpStatusCode.Forbidden)]
    [InlineData("localhost.rebound.example", HttpStatusCode.Forbidden)]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("127.0.0.1", HttpStatusCode.OK)]
    [InlineData("[::1]", HttpStatusCode.OK)]
    public async Task Page_WhoseNameLeadsToThisMachine_MayAskOnlyByTheMachinesOwn(string name, HttpStatusCode status)
    {
        var host = $"{name}:{mall.Client.BaseAddress!.Port}";
        foreach (var (header, value) in ((string, string)[])
            [("Origin", $"http://{host}"), ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "none")])
            Assert.Equal(status, await AskAsync(header, value, host));
        Assert.Equal(HttpStatusCode.OK, await AskAsync("X-Of", "a service, by whatever name", host));
    }

    private async Task<HttpStatusCode> AskAsync(string header, string value, string? host = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/dtmsvr/newGid");
        request.Headers.Host = host;
        request.Headers.Add(header, value);
        using var answer = await mall.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    [Fact]
    public async Task Target_WhoseNameIsAllowed_IsTaken_AndOneThatTurnsElsewhere_IsNotReached()
    {
        // A name that is in dtm-allow by its suffix, and has no address: taken, and unknown when it is called.
        var body = new
        {
            gid = "named", trans_type = "saga", wait_result = true,
            steps = new[] { new { action = "http://pay.shop.example/x" } },
        };
        Assert.Equal((HttpStatusCode)425, (await mall.PostAsync("submit", body)).Status);
        var rules = Mall.Api.Transactions.TargetRules.Parse(["127.0.0.0/8", "*.shop.example"], out _)!;
        Assert.False(rules.Allows("turned.example", IPAddress.Parse("10.0.0.1")));
        Assert.True(rules.Allows("turned.example", IPAddress.Parse("127.0.0.1")));
        Assert.True(rules.Allows("turned.example", IPAddress.Parse("::ffff:127.0.0.1")));
        Assert.False(rules.Allows("pay.shop.example", IPAddress.Parse("169.254.169.254")));
        await mall.PostAsync("forceStop", new { gid = "named" });
    }
}
