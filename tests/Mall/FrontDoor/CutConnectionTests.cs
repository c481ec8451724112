using System.Net.Sockets;
using System.Text;
using Mall.Tests.FrontDoor.Grpc;
using Mall.Tests.Hosting;

namespace Mall.Tests.FrontDoor;

/// <summary>Strangers come, go and break off as they please. The log has no word of it.</summary>
public sealed class CutConnectionTests
{
    private const int Times = 50;
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(50); // So that what is cut is within the body.

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Connections_ThatEndWithinABody_LeaveTheLogAlone(bool isReset)
    {
        await using var mall = await WholeMall.OpenAsync();
        var (_, token) = await mall.RegisterAsync("13800000001");
        foreach (var begun in new[] { "", $"Authorization: Bearer {token}\r\n" })
        {
            var order = $"POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{begun}";
            string[] bodies = ["Content-Length: 500\r\n\r\n{\"items\"", "Transfer-Encoding: chunked\r\n\r\n7\r\n{\"ite"];
            foreach (var rest in bodies)
                await Task.WhenAll(Enumerable.Range(0, Times).Select(_ => BreakOffAsync(mall.Http, order + rest, isReset)));
        }

        await AssertSilentAsync(mall);
    }

    [Fact]
    public async Task Connections_ThatEndWithinTheirAnswer_LeaveTheLogAlone()
    {
        await using var mall = await WholeMall.OpenAsync();
        var asks = string.Concat(Enumerable.Repeat("GET /openapi/v1.json HTTP/1.1\r\nHost: x\r\n\r\n", 20));
        await Task.WhenAll(Enumerable.Range(0, Times).Select(_ => BreakOffAsync(mall.Http, asks, isReset: true)));
        await AssertSilentAsync(mall);
    }

    [Fact]
    public async Task Calls_ThatAreCancelledWithinTheirMessage_LeaveTheLogAlone()
    {
        await using var mall = await WholeMall.OpenAsync();
        foreach (var method in new[] { "/mall.v1.Users/Register", "/grpc.health.v1.Health/Watch" })
        {
            await Task.WhenAll(Enumerable.Range(0, Times).Select(async _ =>
            {
                using var cut = new CancellationTokenSource();
                var message = new Trickle([0, 0, 0, 0, 9, 1], piece: 0, every: Timeout.InfiniteTimeSpan);
                using var request = Trickle.Call(new Uri(mall.Grpc, method), message);
                var call = mall.Client.SendAsync(request, cut.Token);
                await Task.WhenAny(message.Begun, call);
                await Task.Delay(s_pause, TestContext.Current.CancellationToken);
                Assert.False(call.IsCompleted, $"The call is not under way: {call.Exception}");
                await cut.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
            }));
        }

        await AssertSilentAsync(mall);
    }

    private static async Task BreakOffAsync(Uri address, string words, bool isReset)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        if (isReset) socket.LingerState = new LingerOption(enable: true, seconds: 0);
        await socket.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
        await socket.SendAsync(Encoding.ASCII.GetBytes(words), TestContext.Current.CancellationToken);
        await Task.Delay(s_pause, TestContext.Current.CancellationToken);
    }

    /// <summary>What was to be logged is logged when the mall has stopped.</summary>
    private static async Task AssertSilentAsync(WholeMall mall)
    {
        Assert.Equal("live", (await mall.SendAsync("GET", "/health/live")).Json.GetProperty("status").GetString());
        await mall.StopAsync();
        Assert.Empty(mall.Log.WarningsOfTheMall);
    }
}
