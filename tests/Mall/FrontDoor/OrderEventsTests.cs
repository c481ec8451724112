using System.Globalization;
using System.Net;
using System.Text.Json;
using Mall.Tests.FrontDoor.Grpc;
using Mall.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.FrontDoor;

/// <summary>Whoever watches an order is told of each change, and of the end.</summary>
[Collection(nameof(FrontDoorMall))]
public sealed class OrderEventsTests(FrontDoorMall door)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private WholeMall Mall => door.Mall;

    [Fact]
    public async Task Events_tell_the_order_now_and_that_it_was_closed_and_end()
    {
        var id = await PlaceAsync();
        using var response = await WatchAsync(id, door.Customer.Token);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        using var events = new StreamReader(await response.Content.ReadAsStreamAsync(Cancel));
        Assert.Equal((0, "created"), await NextAsync(events));

        await Mall.SendAsync("POST", $"/v1/orders/{id}/cancel", token: door.Customer.Token);

        Assert.Equal((2, "closed"), await NextAsync(events));
        Assert.Null(await NextAsync(events));

        using var again = WholeMall.Request("GET", $"/v1/orders/{id}/events", token: door.Customer.Token);
        again.Headers.Add("Last-Event-ID", "2");
        using var nothing = await Mall.Client.SendAsync(again, Cancel);
        Assert.Equal(HttpStatusCode.NoContent, nothing.StatusCode);
    }

    [Fact]
    public async Task Watch_tells_the_same_over_gRPC()
    {
        var id = await PlaceAsync();
        var watching = Mall.CallAsync("/mall.v1.Orders/Watch", new V1.WatchOrderRequest { Id = id }, door.Customer.Token);

        var cancelled = await Mall.CallAsync(
            "/mall.v1.Orders/Cancel", new V1.CancelOrderRequest { Id = id }, door.Customer.Token);

        var closed = cancelled.Read<V1.Order>();
        var told = await watching;
        Assert.Equal((0, V1.OrderStatus.Closed), (told.Status, closed.Status));
        Assert.Equal(RawCall.Frame(closed), told.Body[^(closed.CalculateSize() + 5)..]); // The order before it, if it was quick.
    }

    [Fact]
    public async Task Events_of_what_is_not_theirs_are_refused_and_a_head_has_no_body()
    {
        var id = await PlaceAsync();
        var path = $"/v1/orders/{id}/events";
        Assert.Equal(ErrorCodes.Forbidden, (await Mall.SendAsync("GET", path, token: door.Seller.Token)).Code);
        Assert.Equal(ErrorCodes.Unauthenticated, (await Mall.SendAsync("GET", path)).Code);
        Assert.Equal(
            ErrorCodes.NoSuchOrder, (await Mall.SendAsync("GET", "/v1/orders/999999/events", token: door.Customer.Token)).Code);
        var head = await Mall.SendAsync("HEAD", path, token: door.Customer.Token);
        Assert.Equal((HttpStatusCode.OK, ""), (head.Status, head.Body));
    }

    [Fact]
    public async Task Streams_show_that_they_live_and_end_politely_when_the_mall_stops()
    {
        await using var mall = await WholeMall.OpenAsync(
            services => services.AddSingleton<TimeProvider>(new QuickHeart()));
        var (_, token) = await mall.RegisterAsync("13600000001");
        await mall.SendAsync("POST", "/v1/shops", """{"name":"Tea"}""", token);
        var product = await mall.SellAsync(token, stock: 5);
        var order = await mall.SendAsync(
            "POST", "/v1/orders", $$"""{"items":[{"productId":{{product}},"quantity":1}]}""", token);
        using var request = WholeMall.Request("GET", $"/v1/orders/{order.Json.GetProperty("id")}/events", token: token);
        using var response = await mall.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        using var events = new StreamReader(await response.Content.ReadAsStreamAsync(Cancel));
        Assert.Equal((0, "created"), await NextAsync(events));
        using var follow = WholeMall.Request("GET", "/v1/events/stream", token: Jwt.Operator);
        using var following = await mall.Client.SendAsync(follow, HttpCompletionOption.ResponseHeadersRead, Cancel);
        using var all = new StreamReader(await following.Content.ReadAsStreamAsync(Cancel));
        foreach (var stream in new[] { events, all })
            while (await LineOf(stream) is var line && line != ": still here") Assert.NotNull(line); // The order comes perhaps.

        var stopping = mall.StopAsync();

        Assert.Null(await NextAsync(events)); // The answer ends; it is not cut off.
        Assert.Null(await NextAsync(all));
        await stopping;
    }

    /// <summary>A clock whose quarters of a minute, which a heart waits, pass at once.</summary>
    private sealed class QuickHeart : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(
                callback, state, dueTime == TimeSpan.FromSeconds(15) ? TimeSpan.FromMilliseconds(20) : dueTime, period);
    }

    private async Task<long> PlaceAsync()
    {
        var product = await Mall.SellAsync(door.Seller.Token, stock: 5);
        var items = string.Create(CultureInfo.InvariantCulture, $$"""{"items":[{"productId":{{product}},"quantity":1}]}""");
        var order = await Mall.SendAsync("POST", "/v1/orders", items, door.Customer.Token);
        return order.Json.GetProperty("id").GetInt64();
    }

    private async Task<HttpResponseMessage> WatchAsync(long id, string token)
    {
        using var request = WholeMall.Request("GET", $"/v1/orders/{id}/events", token: token);
        return await Mall.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
    }

    private static Task<string?> LineOf(StreamReader events) => Timely.Await(events.ReadLineAsync(Cancel).AsTask(), "event");

    /// <summary>What the next event tells; null when the stream has ended.</summary>
    private static async Task<(int Status, string Text)?> NextAsync(StreamReader events)
    {
        while (await LineOf(events) is { } line)
        {
            if (!line.StartsWith("data: ", StringComparison.Ordinal)) continue;
            var order = JsonDocument.Parse(line["data: ".Length..]).RootElement;
            return (order.GetProperty("status").GetInt32(), order.GetProperty("statusText").GetString()!);
        }

        return null;
    }
}
