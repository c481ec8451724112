using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Mall.Tests.FrontDoor;
using Mall.Tests.FrontDoor.Contract;
using Mall.Tests.Hosting;
using Mall.Webhooks;

namespace Mall.Tests.Events;

/// <summary>Events are delivered: signed, in order, again until they are taken; and not to where they must not go.</summary>
[Collection(nameof(EveryDatabase))]
public sealed class WebhookTests(EveryDatabase databases)
{
    public static TheoryData<string> Names => EveryDatabase.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Events_AreDelivered_SignedAndInOrder_AndAgainAfterAFailure(string database)
    {
        var mall = await databases.OnAsync(database);
        await using var receiver = await Receiver.OpenAsync();
        receiver.Status = 500;
        var made = await CreateAsync(mall, receiver.Url, "\"user.registered\"");
        var (id, secret) = (made.GetProperty("id").GetInt64(), made.GetProperty("secret").GetString()!);
        await mall.UserAsync();
        await TestMall.EventuallyAsync(async () => (await GetAsync(mall, id)).GetProperty("failures").GetInt64() > 0, "it fails");
        var failing = await GetAsync(mall, id);
        Assert.Equal("active", failing.GetProperty("status").GetString());
        Assert.Contains("500", failing.GetProperty("lastError").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, failing.GetProperty("lag").GetInt64());
        Assert.False(failing.TryGetProperty("secret", out _));

        receiver.Got.Clear(); // First: what is taken from now on is not forgotten.
        receiver.Status = 204;
        await mall.UserAsync();
        await TestMall.EventuallyAsync(
            async () => (await GetAsync(mall, id)) is var now && now.GetProperty("lag").GetInt64() == 0
                && now.GetProperty("failures").GetInt64() == 0,
            "all is delivered");

        var ids = receiver.Got.Select(got => long.Parse(got.EventId, CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(2, ids.Distinct().Count());
        Assert.Equal(ids.Order(), ids);
        foreach (var (body, timestamp, signature, eventId) in receiver.Got)
        {
            var hash = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{timestamp}.{body}"));
            Assert.Equal("sha256=" + Convert.ToHexStringLower(hash), signature);
            Assert.Equal(eventId, JsonDocument.Parse(body).RootElement.GetProperty("id").GetRawText());
        }

        Assert.Equal(HttpStatusCode.NoContent, (await SendAsync(mall, $"DELETE /v1/webhooks/{id}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(mall, $"GET /v1/webhooks/{id}")).Status);
    }

    [Fact]
    public async Task Webhook_ThatHangs_HoldsUpNobodyElse_AndEachOrderIsToldInItsOrder()
    {
        var mall = await databases.OnAsync("SQLite");
        await using var hanging = await Receiver.OpenAsync();
        await using var other = await Receiver.OpenAsync();
        hanging.Silence = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        long[] ids = [.. await Task.WhenAll(new[] { hanging, other }.Select(async receiver =>
            (await CreateAsync(mall, receiver.Url, "\"order.placed\",\"order.closed\"")).GetProperty("id").GetInt64()))];
        var token = await mall.SellerAsync();
        var product = await mall.Whole.SellAsync(token, stock: 100);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(async _ =>
        {
            var items = $$"""{"items":[{"productId":{{product}},"quantity":1}]}""";
            var order = (await mall.SendAsync("POST /v1/orders", items, token)).Json.GetProperty("id");
            await TestMall.EventuallyAsync(
                async () => (await mall.SendAsync($"POST /v1/orders/{order}/cancel", token: token)).Status == HttpStatusCode.OK,
                "it is cancelled");
        }));

        await TestMall.EventuallyAsync(() => Task.FromResult(other.Got.Count >= 12), "the other hears of all");
        await TestMall.EventuallyAsync(() => Task.FromResult(hanging.Got.Count == 1), "one waits for its answer");
        AssertTold(other);
        hanging.Silence.SetResult();
        hanging.Silence = null;
        await TestMall.EventuallyAsync(
            async () => (await GetAsync(mall, ids[0])).GetProperty("lag").GetInt64() == 0, "all is delivered");
        AssertTold(hanging);
        foreach (var id in ids) await SendAsync(mall, $"DELETE /v1/webhooks/{id}");

        static void AssertTold(Receiver receiver)
        {
            var told = receiver.Got.Select(got => JsonDocument.Parse(got.Body).RootElement).ToList();
            var eventIds = told.Select(happened => happened.GetProperty("id").GetInt64()).ToList();
            Assert.Equal(eventIds.Distinct().Order(), eventIds);
            var orders = told.GroupBy(
                happened => happened.GetProperty("data").GetProperty("orderId").GetInt64(),
                happened => happened.GetProperty("type").GetString()!);
            Assert.Equal(6, orders.Count());
            Assert.All(orders, types => Assert.Equal(["order.placed", "order.closed"], types));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Webhook_ThatHasFailedForADay_IsParked_UntilAnOperatorSetsItActive(string database)
    {
        var mall = await databases.OnAsync(database);
        await using var receiver = await Receiver.OpenAsync();
        receiver.Status = 503;
        var id = (await CreateAsync(mall, receiver.Url, "\"user.registered\"")).GetProperty("id").GetInt64();
        await mall.UserAsync();
        await TestMall.EventuallyAsync(async () => await NumberAsync("failures") > 0, "it fails");
        var almost = DateTimeOffset.UtcNow.AddHours(-23).ToUnixTimeMilliseconds();
        await mall.RunSqlAsync($"update webhooks set failing_since = {almost}, failures = 5000, next_time = 0 where id = {id}");
        await TestMall.EventuallyAsync(async () => await NumberAsync("failures") > 1, "it fails again"); // 2 or more, or 5001.
        Assert.Equal("active", await StatusAsync());

        var dayAgo = DateTimeOffset.UtcNow.AddDays(-1).ToUnixTimeMilliseconds();
        await TestMall.EventuallyAsync(
            async () =>
            {
                if (await StatusAsync() == "parked") return true;

                // An attempt that is under way may write over it.
                await mall.RunSqlAsync(
                    $"update webhooks set failing_since = {dayAgo}, next_time = 0 where id = {id} and status = 'active'");
                return false;
            },
            "it is parked");
        Assert.Contains(mall.Whole.Log.Errors, line => line.StartsWith($"Webhook {id} is parked", StringComparison.Ordinal));
        receiver.Status = 204;
        await mall.UserAsync();
        receiver.Got.Clear();
        await TestMall.EventuallyAsync(async () => await NumberAsync("lag") == 2, "two wait");
        Assert.Equal("parked", await StatusAsync());

        await SendAsync(mall, $"PATCH /v1/webhooks/{id}", """{"status":"active"}""");

        await TestMall.EventuallyAsync(async () => await NumberAsync("lag") == 0, "all is delivered");
        Assert.Equal((0, "active"), (await NumberAsync("failures"), await StatusAsync()));
        var told = receiver.Got.Select(got => long.Parse(got.EventId, CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(2, told.Count);
        Assert.Equal(told.Order(), told);
        await SendAsync(mall, $"DELETE /v1/webhooks/{id}");

        async Task<long> NumberAsync(string field) => (await GetAsync(mall, id)).GetProperty(field).GetInt64();
        async Task<string?> StatusAsync() => (await GetAsync(mall, id)).GetProperty("status").GetString();
    }

    [Fact]
    public async Task Test_TellsWhatCameOfIt_AndFollowsNoRedirect()
    {
        var mall = await databases.OnAsync("SQLite");
        await using var receiver = await Receiver.OpenAsync();
        var id = (await CreateAsync(mall, receiver.Url, "\"shop.report\"", "\"secret\":\"s3\",")).GetProperty("id").GetInt64();
        var good = (await SendAsync(mall, $"POST /v1/webhooks/{id}/test")).Json;
        receiver.Status = 302;
        var redirected = (await SendAsync(mall, $"POST /v1/webhooks/{id}/test")).Json;

        Assert.True(good.GetProperty("delivered").GetBoolean());
        Assert.False(redirected.GetProperty("delivered").GetBoolean());
        Assert.Equal(302, redirected.GetProperty("status").GetInt32());
        Assert.Equal(2, receiver.Got.Count);
        Assert.Equal("webhook.test", JsonDocument.Parse(receiver.Got.First().Body).RootElement.GetProperty("type").GetString());
    }

    [Theory]
    [InlineData("http://127.0.0.1:9/")]
    [InlineData("http://localhost/")]
    [InlineData("http://[::1]/")]
    [InlineData("http://[::ffff:10.0.0.1]/")]
    [InlineData("https://192.168.1.1/hook")]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    [InlineData("http://2130706433/")]
    [InlineData("http://0/")]
    [InlineData("ftp://example.com/")]
    [InlineData("http://user:word@example.com/")]
    [InlineData("nonsense")]
    public async Task Address_ThatMustNotBe_IsRefusedByName(string url)
    {
        var mall = await databases.OnAsync("SQLite");
        var refused = await SendAsync(
            mall, "POST /v1/webhooks", $$"""{"url":{{JsonSerializer.Serialize(url)}},"events":["order.paid"]}""");
        Assert.Equal((HttpStatusCode.BadRequest, 100002), (refused.Status, refused.Code));
        Assert.True(refused.Json.GetProperty("errors").TryGetProperty("url", out _));
    }

    /// <summary>A name that led elsewhere when it was registered leads nowhere when the connection is made.</summary>
    [Fact]
    public async Task Connection_ToAPrivateAddress_IsNotMade()
    {
        await using var receiver = await Receiver.OpenAsync();
        using var client = new Silo.Webhooks.HttpWebhookClient(new Ledger.LedgerClock(TimeProvider.System));
        var url = receiver.Url.Replace("127.0.0.1", "localhost", StringComparison.Ordinal);
        var message = new SignedEvent(new Uri(url), AllowPrivate: false, "1", "1", "s", []);
        var strict = await client.SendAsync(message, TestContext.Current.CancellationToken);
        var lax = await client.SendAsync(message with { AllowPrivate = true }, TestContext.Current.CancellationToken);

        Assert.Contains("private", strict.Error, StringComparison.Ordinal);
        Assert.Null(lax.Error);
        Assert.Single(receiver.Got);
    }

    [Fact]
    public async Task Key_GivesTheSameWebhookWithTheSameSecret()
    {
        var mall = await databases.OnAsync("SQLite");
        const string body = """{"url":"http://127.0.0.1:9/","events":["order.paid"],"allowPrivate":true}""";
        var first = await SendAsync(mall, "POST /v1/webhooks", body, "w1");
        var again = await SendAsync(mall, "POST /v1/webhooks", body, "w1");
        var other = await SendAsync(mall, "POST /v1/webhooks", body.Replace("paid", "placed", StringComparison.Ordinal), "w1");
        Assert.Equal((HttpStatusCode.Created, first.Body), (again.Status, again.Body));
        Assert.Equal(100007, other.Code);
        await SendAsync(mall, $"DELETE /v1/webhooks/{first.Json.GetProperty("id").GetInt64()}");
    }

    private static async Task<JsonElement> CreateAsync(ContractMall mall, string url, string events, string more = "")
    {
        var made = await SendAsync(
            mall, "POST /v1/webhooks", $$"""{"url":"{{url}}",{{more}}"events":[{{events}}],"allowPrivate":true}""");
        Assert.Equal(HttpStatusCode.Created, made.Status);
        return made.Json;
    }

    private static async Task<JsonElement> GetAsync(ContractMall mall, long id) =>
        (await SendAsync(mall, $"GET /v1/webhooks/{id}")).Json;

    private static Task<Answer> SendAsync(ContractMall mall, string request, string? json = null, string? key = null) =>
        mall.SendAsync(request, json, Jwt.Operator, key);
}
