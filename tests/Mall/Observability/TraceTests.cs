using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Mall.TestServers;
using Mall.Tests.Chaos;
using Mall.Tests.Installations;

namespace Mall.Tests.Observability;

/// <summary>One order over a front door and three silos, as a collector sees it.</summary>
[Collection(nameof(WholeProcesses))]
public sealed class TraceTests
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    private const string Caller = "00f067aa0ba902b7";

    [Fact]
    public async Task An_order_over_three_silos_is_one_tree_of_spans_from_the_request_to_its_commits()
    {
        using var patience = ClusterInstallation.PatienceFor(DatabaseKind.Postgres);
        var stop = patience.Token;
        await using var receiver = await TraceReceiver.OpenAsync();
        await using var mall = await ClusterInstallation.OpenAsync(
            DatabaseKind.Postgres, silos: 3, frontDoors: 1, sites: null, stop, "--otlp", receiver.Address.ToString());
        using var trade = await mall.TradeAsync(shoppers: 1, stop);
        using var client = new HttpClient { BaseAddress = mall.Doors[0] };
        using var door = await Accounts.SignUpAsync(mall, "+49150111222", stop);

        // The caller has decided: sampled. Nobody else is, or hardly.
        using var order = new HttpRequestMessage(HttpMethod.Post, "v1/orders")
        {
            Content = JsonContent.Create(new { items = trade.Products.Select(id => new { productId = id, quantity = 1 }) }),
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", door.Token) },
        };
        order.Headers.Add("traceparent", $"00-{Trace}-{Caller}-01");
        using var answer = await client.SendAsync(order, stop);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);

        // A span comes when it has ended: children before their parents.
        List<ReceivedSpan> spans;
        do
        {
            await Task.Delay(50, stop);
            spans = [.. receiver.Spans.Where(span => span.Trace == Trace)];
        }
        while (!IsWhole(spans));

        Assert.StartsWith("POST /v1/orders", Assert.Single(spans, span => span.Parent == Caller).Name, StringComparison.Ordinal);
        Assert.Equal(spans.Count, spans.DistinctBy(span => span.Id).Count());
        Assert.All(mall.Endpoints, silo => Assert.Contains(spans, span => span.Of == silo));
        // Each product's grain is called for its price and for its stock; each call has a span at either end.
        Assert.True(spans.Count(span => span.Name.EndsWith("/DecrStock", StringComparison.Ordinal)) >= trade.Products.Count);

        bool IsWhole(List<ReceivedSpan> all)
        {
            var known = all.Select(span => span.Id).Append(Caller).ToHashSet();
            return all.TrueForAll(span => known.Contains(span.Parent)) && all.Exists(span => span.Parent == Caller)
                && mall.Endpoints.All(silo => all.Exists(span => span.Of == silo))
                && all.Count(span => span.Name == "commit") >= 3;
        }
    }
}
