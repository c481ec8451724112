using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using Mall.Api;
using Mall.Signing;
using Mall.TestServers;
using Mall.Tests.Dashboard;
using Mall.Tests.Events;
using Mall.Tests.FrontDoor;
using Mall.Tests.Hosting;
using Mall.Tests.Transactions;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.Observability;

/// <summary>What is done later than the request that caused it has a trace of its own, linked with the request's.</summary>
public sealed class LaterTraceTests
{
    private const string Ordered = "4bf92f3577b34da6a3ce929d0e0e1001";
    private const string Refunded = "4bf92f3577b34da6a3ce929d0e0e1002";
    private const string Submitted = "4bf92f3577b34da6a3ce929d0e0e1003";
    private const string Key = "the key that mall and adapter share";
    private const string Credentials = """{"mobile":"13600000001","password":"correct horse"}""";

    [Fact]
    public async Task Refund_that_stumbles_and_goes_on_after_a_restart_and_the_webhook_that_tells_of_an_order_are_linked()
    {
        await using var traces = await TraceReceiver.OpenAsync();
        await using var adapter = new StubbornAdapter();
        await using var receiver = await Receiver.OpenAsync();
        var folder = TestFolder.Create("mall-traces-");
        var database = $"sqlite:{folder.FullName}/mall.db";
        string refund;
        long paymentId;
        await using (var mall = await OpenAsync(traces, adapter, database))
        {
            var (_, token) = await mall.RegisterAsync("13600000001");
            await mall.SendAsync("POST", "/v1/shops", """{"name":"Tea"}""", token);
            var session = await mall.SendAsync("POST", "/v1/sessions", Credentials);
            token = session.Json.GetProperty("accessToken").GetString()!;
            var items = $$"""{"items":[{"productId":{{await mall.SellAsync(token, stock: 5)}},"quantity":1}]}""";
            await mall.SendAsync(
                "POST", "/v1/webhooks", $$"""{"url":"{{receiver.Url}}","events":["order.placed"],"allowPrivate":true}""",
                Jwt.Operator);
            Task<Answer> OrderAsync() => mall.SendAsync("POST", "/v1/orders", items, token);
            await TracedAsync(Ordered, OrderAsync, ActivityTraceFlags.None);
            var order = (await TracedAsync(Ordered, OrderAsync)).Json.GetProperty("id").GetInt64();
            Assert.Equal("0 1", await RemembersAsync(folder, "sagas where kind = 'order'"));
            paymentId = await PayAsync(mall, token, order);
            refund = $"refund-{order}";
            var asked = TracedAsync(Refunded, () => mall.SendAsync("POST", $"/v1/orders/{order}/refund", token: token));
            await TestMall.EventuallyAsync(
                async () => await mall.SendAsync("GET", $"/v1/sagas/{refund}", token: Jwt.Operator) is var saga
                    && saga.Status == HttpStatusCode.OK && saga.Json.GetProperty("attempts").GetInt32() > 2,
                "it stumbles again");
            await TestMall.EventuallyAsync(() => Task.FromResult(receiver.Traces.Count == 2), "both orders are told of");
            Assert.Equal("0 1", await RemembersAsync(folder, "outbox where type = 'order.placed'"));
            await mall.StopAsync();
            Assert.NotEqual(HttpStatusCode.OK, (await asked).Status);
        }

        var again = Later("saga again", Refunded);
        Assert.True(again.Count > 1, "Each round after the first has a trace of its own.");
        Assert.Contains(traces.Spans, span => span.Trace == again[0].Trace && span.Parent == again[0].Id);
        var told = Assert.Single(Later("webhook", Ordered));
        Assert.Single(receiver.Traces, parent => parent.Contains(told.Trace, StringComparison.Ordinal));
        var dueBefore = Later("saga due", Refunded).Count; // Where a machine is slow, an attempt may last until it is due.

        adapter.MendFor(paymentId);
        await using (var mall = await OpenAsync(traces, adapter, database))
        {
            await TestMall.EventuallyAsync(
                async () => (await mall.SendAsync("GET", $"/v1/sagas/{refund}", token: Jwt.Operator)).Json
                    .GetProperty("status").GetString() == "succeed",
                "it ends");
        }

        var resumed = Later("saga due", Refunded)[dueBefore..].Select(due => NamesOf(due.Trace)).ToList();
        Assert.Contains(
            resumed,
            names => names.Exists(name => name.EndsWith("/Resume", StringComparison.Ordinal))
                && names.Contains("commit") && names.Contains("POST")); // The adapter, at last.
        folder.Delete(recursive: true);

        List<string> NamesOf(string trace) => [.. traces.Spans.Where(span => span.Trace == trace).Select(span => span.Name)];

        // This process has other malls, whose spans come here as well.
        List<ReceivedSpan> Later(string name, string cause) =>
        [
            .. traces.Spans.Where(span => span.Name == name && span.Parent.Length == 0 && span.Trace != cause
                && span.Linked is [var first] && first == cause),
        ];
    }

    [Fact]
    public async Task Transaction_of_services_that_is_tried_again_by_due_work_calls_its_branch_in_a_linked_trace()
    {
        await using var traces = await TraceReceiver.OpenAsync();
        await using var mall = new TracedDtmMall(traces.Address);
        await mall.InitializeAsync();
        const string gid = "traced";
        await TracedAsync(Submitted, () => mall.PostAsync("submit", new
        {
            gid, trans_type = "saga", payloads = new[] { "{}" },
            steps = new[] { new { action = mall.Services.Url("then/break,ok") } },
        }));
        await mall.UntilAsync(gid, "succeed");
        await mall.ReopenAsync(); // What has not been sent is sent before the end.

        var called = mall.Services.Of(gid).Select(call => call.Headers["traceparent"].Split('-')[1]).ToList();
        Assert.Equal(Submitted, called[0]);
        var due = Assert.Single(traces.Spans, span => span.Name == "saga due" && span.Linked.Contains(Submitted));
        Assert.Equal((2, due.Trace, ""), (called.Count, called[1], due.Parent));
        Assert.NotEqual(Submitted, due.Trace);
    }

    private static Task<WholeMall> OpenAsync(TraceReceiver traces, StubbornAdapter adapter, string database) =>
        WholeMall.OpenAsync(
            services => services.AddSingleton(TestMall.Impatient with { FailureLimit = int.MaxValue }),
            new ApiOptions
            {
                TokenKey = WholeMall.TokenKey, PasswordHashIterations = 1000, PaymentKey = Key, PublicUrl = "http://mall.test",
            },
            database,
            "--otlp", traces.Address.ToString(), "--payments", $"webhook:{adapter.Url}", "--payment-key", Key);

    /// <summary>As part of a trace of the caller's.</summary>
    private static async Task<Answer> TracedAsync(
        string trace, Func<Task<Answer>> ask, ActivityTraceFlags flags = ActivityTraceFlags.Recorded)
    {
        using var caller = new Activity("caller").SetParentId(
            ActivityTraceId.CreateFromString(trace), ActivitySpanId.CreateRandom(), flags).Start();
        caller.ActivityTraceFlags = flags;
        return await ask();
    }

    private static async Task<long> PayAsync(WholeMall mall, string token, long order)
    {
        var payment = await mall.SendAsync("POST", "/v1/payments", $$"""{"orderId":{{order}}}""", token);
        var id = payment.Json.GetProperty("id").GetInt64();
        var body = $$"""{"paymentId":{{id}},"amount":250,"result":"succeeded","providerRef":"ref-{{id}}"}""";
        using var callback = WholeMall.Request("POST", "/v1/payments/callback", body);
        var timestamp = Signatures.Timestamp(DateTimeOffset.UtcNow);
        callback.Headers.Add(Signatures.TimestampHeader, timestamp);
        callback.Headers.Add(Signatures.SignatureHeader, Signatures.Sign(Key, timestamp, Encoding.UTF8.GetBytes(body)));
        using var paid = await mall.Client.SendAsync(callback, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, paid.StatusCode);
        return id;
    }

    /// <summary>Which rows remember a trace, in the order in which they were made.</summary>
    private static async Task<string> RemembersAsync(DirectoryInfo folder, string rows)
    {
        await using var connection = new SqliteConnection($"Data Source={folder.FullName}/mall.db;Mode=ReadOnly;Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"select trace_parent is not null from {rows} order by position";
        await using var reader = await command.ExecuteReaderAsync();
        var remembers = new List<string>();
        while (await reader.ReadAsync()) remembers.Add(Convert.ToString(reader[0], CultureInfo.InvariantCulture)!);
        return string.Join(' ', remembers);
    }

    private sealed class TracedDtmMall(Uri otlp) : DtmMall
    {
        protected override IEnumerable<string> Settings => ["--otlp", otlp.ToString()];
    }
}
