using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Grpc.AspNetCore.Server;
using Mall.Api;
using Mall.Api.Rest;
using Mall.Tests.FrontDoor.Grpc;
using Mall.Tests.Hosting;
using Mall.Tests.Installations;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.FrontDoor;

/// <summary>
/// Whoever takes their time takes nothing from others: who is quick is served at once. What had to wait for the crowd waited for
/// as long as that pleased.
/// </summary>
[Collection(nameof(WholeProcesses))]
public sealed class SlowClientTests
{
    private const int Crowd = 4200;
    private const double ServedShare = 0.9; // Some may be refused, as long as they are told when to come again.
    private static readonly TimeSpan s_atOnce = TimeSpan.FromSeconds(4); // A second, on a machine that does nothing else.
    private static readonly TimeSpan s_siege = TimeSpan.FromSeconds(6);

    // With a crowd that is not sent away while the siege lasts.
    private static readonly ApiOptions s_options =
        new() { TokenKey = WholeMall.TokenKey, PasswordHashIterations = 1000, ArrivalLimit = TimeSpan.FromMinutes(2) };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Orders_WhileThousandsOfBodiesAreArriving_AreServedAtOnce()
    {
        await using var mall = await WholeMall.OpenAsync(options: s_options);
        var head = "POST /v1/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 65000\r\n\r\n";
        var sockets = Enumerable.Range(0, Crowd).Select(_ => new Socket(SocketType.Stream, ProtocolType.Tcp)).ToArray();
        try
        {
            await AssertServedAsync(mall, async () =>
            {
                foreach (var socket in sockets)
                {
                    await socket.ConnectAsync(mall.Http.Host, mall.Http.Port, Cancel);
                    await socket.SendAsync(Encoding.ASCII.GetBytes(head + new string(' ', 3000)), Cancel);
                }
            }, async () =>
            {
                foreach (var socket in sockets) await DribbleAsync(socket);
            });
            AssertUnderWay(sockets.Count(socket => !socket.Poll(TimeSpan.Zero, SelectMode.SelectRead)));
        }
        finally
        {
            foreach (var socket in sockets) socket.Dispose();
        }
    }

    [Fact]
    public async Task Orders_WhileThousandsOfMessagesAreArriving_AreServedAtOnce()
    {
        await using var mall = await WholeMall.OpenAsync(options: s_options);
        using var http2 = new HttpClient(new SocketsHttpHandler { EnableMultipleHttp2Connections = true })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        using var end = new CancellationTokenSource();
        var method = new Uri(mall.Grpc, "/mall.v1.Users/Register");
        var messages = Enumerable.Range(0, Crowd).Select(_ => NewMessage()).ToArray();
        var calls = Array.Empty<Task>();
        await AssertServedAsync(mall, async () =>
        {
            calls = [.. messages.Select(message => CallAsync(http2, method, message, end.Token))];
            await Task.WhenAll(messages.Zip(calls, (message, call) => Task.WhenAny(message.Begun, call)))
                .WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        }, () => Task.CompletedTask);
        AssertUnderWay(messages.Zip(calls).Count(call => call.First.Begun.IsCompleted && !call.Second.IsCompleted));
        await end.CancelAsync();
        await Task.WhenAll(calls);
    }

    [Fact]
    public async Task Body_ThatTakesTooLong_IsRefused()
    {
        await using var mall = await WholeMall.OpenAsync(
            options: new ApiOptions { TokenKey = WholeMall.TokenKey, ArrivalLimit = TimeSpan.FromSeconds(2) });
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(mall.Http.Host, mall.Http.Port, Cancel);
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            "POST /v1/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 65000\r\n\r\n"), Cancel);
        var dribbles = Task.Run(async () =>
        {
            for (var i = 0; i < 30; i++)
            {
                await DribbleAsync(socket);
                await Task.Delay(TimeSpan.FromMilliseconds(500), Cancel);
            }
        }, Cancel);
        var answer = new byte[4096];
        var length = await socket.ReceiveAsync(answer, Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        Assert.StartsWith("HTTP/1.1 408 ", Encoding.ASCII.GetString(answer, 0, length), StringComparison.Ordinal);
        Assert.Contains("100002", Encoding.ASCII.GetString(answer, 0, length), StringComparison.Ordinal);
    }

    /// <summary>It has its place among those that are worked on when all of it has come, as any other.</summary>
    [Theory]
    [InlineData("/v1/cart/checkout")]
    [InlineData("/dashboard/sign-in")]
    public async Task Body_ThatTakesTooLongWhereNoneIsTakenOrAForm_IsRefused(string path)
    {
        await using var mall = await WholeMall.OpenAsync(
            options: new ApiOptions { TokenKey = WholeMall.TokenKey, ArrivalLimit = TimeSpan.FromMilliseconds(50) });
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(mall.Http.Host, mall.Http.Port, Cancel);
        await socket.SendAsync(
            Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{"), Cancel);
        var answer = new byte[4096];
        var length = await socket.ReceiveAsync(answer, Cancel);
        Assert.StartsWith("HTTP/1.1 408 ", Encoding.ASCII.GetString(answer, 0, length), StringComparison.Ordinal);
    }

    /// <summary>Whoever has one address of a network of IPv6 has all of them.</summary>
    [Fact]
    public async Task Bodies_FromOneNetworkOfIPv6_CountTogether()
    {
        await using var mall = await WholeMall.OpenAsync(options: new ApiOptions
        {
            TokenKey = WholeMall.TokenKey, MaxArrivalsPerAddress = 1, TrustedProxies = [IPNetwork.Parse("127.0.0.0/8")],
        });
        using var one = await BeginAsync("2001:db8::1");
        using var two = await BeginAsync("2001:db8::2");
        Assert.StartsWith("HTTP/1.1 429 ", await await Task.WhenAny(ReadAsync(one), ReadAsync(two)), StringComparison.Ordinal);

        using var elsewhere = await BeginAsync("2001:db8:0:1::1");
        await elsewhere.SendAsync("}"u8.ToArray(), Cancel);
        Assert.StartsWith("HTTP/1.1 400 ", await ReadAsync(elsewhere), StringComparison.Ordinal);

        async Task<Socket> BeginAsync(string from)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(mall.Http.Host, mall.Http.Port, Cancel);
            var head = $"POST /v1/users HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {from}\r\nContent-Type: application/json\r\n";
            await socket.SendAsync(Encoding.ASCII.GetBytes($"{head}Content-Length: 2\r\n\r\n{{"), Cancel);
            return socket;
        }

        static async Task<string> ReadAsync(Socket socket)
        {
            var answer = new byte[4096];
            return Encoding.ASCII.GetString(answer, 0, await socket.ReceiveAsync(answer, Cancel));
        }
    }

    [Fact]
    public async Task EveryEndpointThatMayGetABody_HasItAwaitedBeforeItHasAPlace()
    {
        await using var mall = await WholeMall.OpenAsync();
        var endpoints = mall.Services.GetRequiredService<EndpointDataSource>().Endpoints.Where(endpoint =>
            endpoint.Metadata.GetMetadata<IHttpMethodMetadata>() is not { HttpMethods: { Count: > 0 } methods }
            || methods.Any(method => method is "POST" or "PUT" or "PATCH" or "DELETE")).ToArray();
        Assert.Contains(endpoints, endpoint => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>() is not null);
        var others = endpoints.Where(endpoint => !endpoint.Metadata.Any(
            item => item is IAcceptsMetadata or NoBody or GrpcMethodMetadata)).Select(endpoint => endpoint.DisplayName!);
        Assert.Contains(" /identity/v1/verify/token ", Assert.Single(others), StringComparison.Ordinal); // Which reads none.
    }

    private static async Task AssertServedAsync(WholeMall mall, Func<Task> crowdIn, Func<Task> dribble)
    {
        var (_, token) = await mall.RegisterAsync("13800000001");
        await mall.SendAsync("POST", "/v1/shops", """{"name":"Tea"}""", token);
        var product = await mall.SellAsync(token, stock: 100_000);
        var order = string.Create(CultureInfo.InvariantCulture, $$"""{"items":[{"productId":{{product}},"quantity":1}]}""");
        await crowdIn();

        var (begun, sent, served) = (TimeProvider.System.GetTimestamp(), 0, 0);
        while (TimeProvider.System.GetElapsedTime(begun) < s_siege)
        {
            foreach (var (method, path, body) in ((string, string, string?)[])
                [("POST", "/v1/orders", order), ("GET", $"/v1/products/{product}", null)])
            {
                sent++;
                var answer = await mall.SendAsync(method, path, body, token).WaitAsync(s_atOnce, Cancel);
                if ((int)answer.Status < 300) served++;
                else Assert.True(answer.Headers.ContainsKey("Retry-After"), answer.Body);
            }

            await dribble();
            await Task.Delay(TimeSpan.FromMilliseconds(200), Cancel);
        }

        Assert.True(served >= sent * ServedShare, $"Of {sent} requests {served} were served.");
    }

    /// <summary>That there was a siege at all: of one address as many as may be.</summary>
    private static void AssertUnderWay(int count) =>
        Assert.InRange(count, s_options.MaxArrivalsPerAddress * 9 / 10, s_options.MaxArrivalsPerAddress);

    private static async Task DribbleAsync(Socket socket)
    {
        try
        {
            await socket.SendAsync(new byte[400], Cancel);
        }
        catch (SocketException)
        {
            // It was hung up on, as it deserves.
        }
    }

    /// <summary>A message of 60,000 bytes at some hundred a second.</summary>
    private static Trickle NewMessage()
    {
        var beginning = new byte[3000];
        BinaryPrimitives.WriteInt32BigEndian(beginning.AsSpan(1), 60_000);
        return new Trickle(beginning, piece: 700, every: TimeSpan.FromSeconds(2));
    }

    /// <summary>Completes when it is refused, and at the end.</summary>
    private static async Task CallAsync(HttpClient client, Uri method, Trickle message, CancellationToken end)
    {
        try
        {
            using var request = Trickle.Call(method, message);
            using var answer = await client.SendAsync(request, end);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            // Whatever becomes of it.
        }
    }
}
