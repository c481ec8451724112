using System.Globalization;
using System.Net;
using System.Text.Json;
using Mall.Tests.FrontDoor;
using Mall.Tests.FrontDoor.Contract;
using Mall.Tests.Hosting;

namespace Mall.Tests.Events;

/// <summary>What happens is told, once, in the order of the commits.</summary>
[Collection(nameof(EveryDatabase))]
public sealed class EventTests(EveryDatabase databases)
{
    public static TheoryData<string> Names => EveryDatabase.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Events_AreToldOnce_InTheOrderOfTheirIds_ToWhoFollows(string database)
    {
        var mall = await databases.OnAsync(database);
        var start = await EndAsync(mall);
        var seller = await mall.SellerAsync();
        var product = await mall.Whole.SellAsync(seller, stock: 12);
        for (var i = 0; i < 4; i++)
        {
            var order = await mall.SendAsync(
                "POST /v1/orders", $$"""{"items":[{"productId":{{product}},"quantity":1}]}""", seller, key: $"e{i / 2}");
            Assert.Equal(HttpStatusCode.Created, order.Status);
        }

        // Taken below ten, below it again, above it, and below it once more.
        foreach (var delta in (int[])[-1, -1, 3, -2])
            await mall.SendAsync($"POST /v1/products/{product}/stock", $$"""{"delta":{{delta}}}""", seller);

        List<JsonElement> seen = [];
        var after = start;
        await Hosting.TestMall.EventuallyAsync(
            async () =>
            {
                var page = (await mall.SendAsync($"GET /v1/events?limit=2&after={after}", token: Jwt.Operator)).Json;
                seen.AddRange(page.GetProperty("items").EnumerateArray());
                after = page.GetProperty("cursor").GetString()!;
                return seen.Count >= 5;
            },
            "five events are told");

        Assert.Equal(
            ["order.placed", "order.placed", "stock.low", "stock.low", "user.registered"],
            seen.Select(e => e.GetProperty("type").GetString()).Order(StringComparer.Ordinal));
        var ids = seen.Select(e => e.GetProperty("id").GetInt64()).ToList();
        Assert.Equal(ids.Distinct().Order(), ids);
        Assert.Equal(after, ids[^1].ToString(CultureInfo.InvariantCulture));
        Assert.Equal(
            [9, 9], seen.Where(e => e.GetProperty("type").GetString() == "stock.low")
                .Select(e => e.GetProperty("data").GetProperty("stock").GetInt32()));
        Assert.Equal(after, await EndAsync(mall));
    }

    [Fact]
    public async Task Stream_TellsWhatHappens_AndResumesBehindTheLastEvent()
    {
        var mall = await databases.OnAsync("SQLite");
        var start = await EndAsync(mall);
        using var live = await FollowAsync(mall, null);
        await mall.UserAsync();
        var first = await live.NextAsync();
        await mall.UserAsync();
        var second = await live.NextAsync();

        using var resumed = await FollowAsync(mall, start);
        Assert.Equal(first, await resumed.NextAsync());
        Assert.Equal(second, await resumed.NextAsync());
        Assert.Equal("event: user.registered", first[1]);
        var data = JsonDocument.Parse(first[2]["data: ".Length..]).RootElement;
        Assert.Equal($"id: {data.GetProperty("id").GetInt64()}", first[0]);
    }

    /// <summary>Whoever is cut off and comes back with the last id sees each event once, whatever happens meanwhile.</summary>
    [Fact]
    public async Task Stream_ThatIsCutOffAgainAndAgain_LosesAndRepeatsNothing()
    {
        var mall = await databases.OnAsync("SQLite");
        var start = await EndAsync(mall);
        const int users = 20;
        var writing = Task.WhenAll(Enumerable.Range(0, users).Select(_ => mall.UserAsync()));
        var (seen, last) = (new List<string>(), start);
        while (seen.Count < users)
        {
            using var stream = await FollowAsync(mall, last);
            for (var i = 0; i < 3 && seen.Count < users; i++)
            {
                last = (await stream.NextAsync())[0]["id: ".Length..];
                seen.Add(last);
            }
        }

        await writing;
        var listed = (await mall.SendAsync($"GET /v1/events?limit=100&after={start}", token: Jwt.Operator)).Json;
        Assert.Equal(
            listed.GetProperty("items").EnumerateArray().Select(e => e.GetProperty("id").GetRawText()), seen);
        Assert.Equal(users, seen.Count);
    }

    [Theory]
    [InlineData("GET /v1/events")]
    [InlineData("GET /v1/events/stream")]
    [InlineData("GET /v1/webhooks")]
    [InlineData("GET /v1/schedules")]
    [InlineData("POST /v1/schedules/clean-up/run")]
    public async Task Operators_Alone(string request)
    {
        var mall = await databases.OnAsync("SQLite");
        var answer = await mall.SendAsync(request, token: await mall.UserAsync());
        Assert.Equal((HttpStatusCode.Forbidden, 100004), (answer.Status, answer.Code));
    }

    private static async Task<string> EndAsync(ContractMall mall)
    {
        var cursor = "0";
        while (true)
        {
            var page = (await mall.SendAsync($"GET /v1/events?limit=100&after={cursor}", token: Jwt.Operator)).Json;
            cursor = page.GetProperty("cursor").GetString()!;
            if (page.GetProperty("next").ValueKind == JsonValueKind.Null) return cursor;
        }
    }

    private static async Task<Following> FollowAsync(ContractMall mall, string? lastEventId)
    {
        using var request = Hosting.WholeMall.Request("GET", "/v1/events/stream", token: Jwt.Operator);
        if (lastEventId is not null) request.Headers.Add("Last-Event-ID", lastEventId);
        var response = await mall.Whole.Client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return new Following(response, new StreamReader(await response.Content.ReadAsStreamAsync()));
    }

    private sealed record Following(HttpResponseMessage Response, StreamReader Reader) : IDisposable
    {
        /// <summary>The lines of the next event, comments passed over.</summary>
        public async Task<List<string>> NextAsync()
        {
            List<string> lines = [];
            while (await ReadLineAsync() is { } line)
            {
                if (line.Length == 0 && lines.Count > 0) return lines;
                if (line.Length > 0 && line[0] != ':') lines.Add(line);
            }

            throw new EndOfStreamException();
        }

        private Task<string?> ReadLineAsync() =>
            Timely.Await(Reader.ReadLineAsync(TestContext.Current.CancellationToken).AsTask(), "event");

        public void Dispose()
        {
            Reader.Dispose();
            Response.Dispose();
        }
    }
}
