using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Mall.TestServers;
using Mall.Tests.Chaos;
using Mall.Tests.Installations;

namespace Mall.Tests.Observability;

/// <summary>Orders over a front door and three silos, as a collector sees them.</summary>
public sealed class TraceTests
{
    private const string Caller = "00f067aa0ba902b7";

    [Fact]
    public async Task Orders_over_three_silos_are_each_one_tree_of_spans_from_the_request_to_its_commits()
    {
        using var patience = ClusterInstallation.PatienceFor(DatabaseKind.Postgres);
        var stop = patience.Token;
        await using var receiver = await TraceReceiver.OpenAsync();
        await using var mall = await ClusterInstallation.OpenAsync(
            DatabaseKind.Postgres, silos: 3, frontDoors: 1, sites: null, stop, "--otlp", receiver.Address.ToString());
        using var trade = await mall.TradeAsync(shoppers: 1, stop);
        // Other tests' malls live in this process; their instrumentation would put their own spans above what is sent here.
        using var handler = new SocketsHttpHandler { ActivityHeadersPropagator = null };
        using var client = new HttpClient(handler) { BaseAddress = mall.Doors[0] };
        using var door = await Accounts.SignUpAsync(mall, "+49150111222", stop);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", door.Token);

        // Where an order's grain lives follows from its gid, which is as good as random: so many that each silo has some.
        string[] traces = [.. Enumerable.Range(1, 24).Select(i => $"4bf92f3577b34da6a3ce929d0e0e{i:0000}")];
        foreach (var trace in traces) await OrderAsync(trace);

        // A span comes when it has ended, children before their parents, and each process sends its own.
        while (Missing() is { Length: > 0 } missing)
        {
            if (stop.IsCancellationRequested) Assert.Fail(missing);
            await Task.Delay(50, CancellationToken.None);
        }

        foreach (var spans in traces.Select(SpansOf))
        {
            var root = Assert.Single(spans, span => span.Parent == Caller);
            Assert.StartsWith("POST /v1/orders", root.Name, StringComparison.Ordinal);
            Assert.Equal(spans.Count, spans.DistinctBy(span => span.Id).Count());
            // Each product's grain is asked for its stock; the call has a span at either end.
            Assert.True(spans.Count(span => span.Name.EndsWith("/DecrStock", StringComparison.Ordinal)) >= 4);
        }

        async Task OrderAsync(string trace)
        {
            using var order = new HttpRequestMessage(HttpMethod.Post, "v1/orders")
            {
                Content = JsonContent.Create(new
                {
                    items = trade.Products.Take(2).Select(productId => new { productId, quantity = 1 }),
                }),
            };
            order.Headers.Add("traceparent", $"00-{trace}-{Caller}-01"); // The caller has decided: sampled.
            using var answer = await client.SendAsync(order, stop);
            Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        }

        List<ReceivedSpan> SpansOf(string trace) => [.. receiver.Spans.Where(span => span.Trace == trace)];
        bool HasSent(string silo) => receiver.Spans.Any(span => span.Of == silo && traces.Contains(span.Trace));

        string Missing() => string.Join(
            Environment.NewLine,
            [.. traces.SelectMany(MissingOf), .. mall.Endpoints.Where(e => !HasSent(e)).Select(e => $"{e} has sent nothing")]);

        // A commit that holds write sets of several orders is a span of one of them, linked with the others.
        IEnumerable<string> MissingOf(string trace)
        {
            var all = SpansOf(trace);
            var known = all.Select(span => span.Id).Append(Caller).ToHashSet();
            foreach (var orphan in all.Where(span => !known.Contains(span.Parent))) yield return $"the parent of {orphan}";
            if (!all.Exists(span => span.Parent == Caller)) yield return $"the request of {trace}";
            var commits = receiver.Spans.Count(
                span => span.Name == "commit" && (span.Trace == trace || span.Linked.Contains(trace)));
            if (commits < 3) yield return $"commits of {trace}, which has {commits}";
        }
    }

    [Fact(Timeout = 240_000)]
    public async Task Traces_of_a_share_of_the_requests_all_begin_with_a_request()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var receiver = await TraceReceiver.OpenAsync();
        await using var mall = new Installation();
        var silo = mall.Start([.. mall.Settings, "--otlp", receiver.Address.ToString(), "--trace-ratio", "0.3"]);
        await mall.UntilServingAsync(silo, stop);
        using var trade = await Trade.OpenAsync(mall, () => Books.Open(mall), [1_000_000], shoppers: 4, stop);
        trade.Begin(seed: 1);
        await trade.UntilAnsweredAsync(100);
        while (!receiver.Spans.Any(span => span.Name.EndsWith("/PlaceWhole", StringComparison.Ordinal))
            || !receiver.Spans.Any(
                span => span.Parent.Length == 0 && span.Name.StartsWith("POST /v1/orders", StringComparison.Ordinal)))
            await Task.Delay(50, stop);
        await trade.EndAsync();
        silo.Terminate(); // What has not been sent is sent before the end.
        Assert.Equal(0, await silo.ExitCodeAsync(TimeSpan.FromSeconds(90)));

        var roots = receiver.Spans.Where(span => span.Parent.Length == 0).Select(span => span.Name).Distinct();
        Assert.Contains(roots, name => name.StartsWith("POST /v1/orders", StringComparison.Ordinal));
        Assert.All(roots, name => Assert.Matches("^((GET|POST|PUT|PATCH|DELETE) /|saga (again|due)$)", name));
    }
}
