using System.Net.Sockets;
using System.Text;

namespace Mall.Tests.FrontDoor;

/// <summary>What is no request at all: the connection ends, the mall goes on, nothing is written or logged as an error.</summary>
[Collection(nameof(FrontDoorMall))]
public sealed class RawSocketTests(FrontDoorMall door)
{
    private static readonly byte[] s_preface = Http2Frame.Preface();

    public static TheoryData<string, byte[]> Nonsense { get; } = new()
    {
        { "nothing", [] },
        { "zeros", new byte[100] },
        { "a chunk cut short", Post("Transfer-Encoding: chunked", "a\r\n{") },
        { "a TLS greeting", [0x16, 0x03, 0x01, 0x00, 0x05, 0x01, 0x00, 0x00, 0x01, 0x03] },
        { "a line without end", [.. Enumerable.Repeat((byte)'a', 20_000)] },
        { "an unknown protocol", [.. "SSH-2.0-OpenSSH_9.2\r\n"u8] },
        { "HTTP/1.1 without a host", [.. "GET / HTTP/1.1\r\n\r\n"u8] },
        { "two lengths", Post("Content-Length: 1\r\nContent-Length: 2", "ab") },
        { "a length and chunks", Post("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n") },
        { "a negative length", Post("Content-Length: -1", "") },
        { "a chunk of no size", Post("Transfer-Encoding: chunked", "zz\r\n") },
        { "a body cut short", Post("Content-Length: 50", "{\"mobile\"") },
        { "100 headers", Post(string.Join("\r\n", Enumerable.Range(0, 100).Select(i => $"x-{i}: y")), "") },
        { "a header of 20 KB", Post($"x: {new string('y', 20_000)}", "") },
        { "a zero in the path", [.. "GET /v1/sagas/a%00b HTTP/1.1\r\nHost: x\r\n\r\n"u8] },
        { "HTTP/2, then nonsense", [.. s_preface, .. Enumerable.Range(0, 200).Select(i => (byte)(i * 7))] },
        { "HTTP/2, a frame of 16 MB", [.. s_preface, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 1] },
        { "HTTP/2, data without headers", [.. s_preface, .. Http2Frame.Of(type: 0, flags: 1, stream: 1, [0, 0, 0, 0, 0])] },
        { "HTTP/2, headers of nonsense", [.. s_preface, .. Http2Frame.Of(type: 1, flags: 5, stream: 1, [255, 255, 255, 255])] },
        { "HTTP/2, headers on stream 2", [.. s_preface, .. Http2Frame.Of(type: 1, flags: 5, stream: 2, [0x82])] },
        { "HTTP/2, headers without a path", [.. s_preface, .. Http2Frame.Of(type: 1, flags: 5, stream: 1, [0x83])] },
        { "HTTP/2, a window of zero", [.. s_preface, .. Http2Frame.Of(type: 8, flags: 0, stream: 0, [0, 0, 0, 0])] },
    };

    [Theory]
    [MemberData(nameof(Nonsense))]
    public async Task Connection_WhenItSpeaksNonsense_EndsAndHarmsNobody(string name, byte[] bytes)
    {
        Assert.NotNull(name);
        var before = await door.Mall.SnapshotAsync();
        var errors = door.Mall.Log.Errors.Count;

        foreach (var address in new[] { door.Mall.Http, door.Mall.Grpc })
            await SendAndReadToTheEndAsync(address, bytes);

        await AssertAliveAsync();
        Assert.Equal(before, await door.Mall.SnapshotAsync());
        Assert.Empty(door.Mall.Log.Errors.Skip(errors));
    }

    [Fact]
    public async Task Connections_WhenTheySpeakNonsenseOfEverySeed_HarmNobody()
    {
        var errors = door.Mall.Log.Errors.Count;
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var bytes = new byte[random.Next(1, 400)];
            random.NextBytes(bytes);
            await SendAndReadToTheEndAsync(door.Mall.Http, bytes);
            await SendAndReadToTheEndAsync(door.Mall.Grpc, [.. s_preface, .. bytes]);
            Assert.True(door.Mall.Log.Errors.Count == errors, $"seed {seed}: {string.Join(" ", door.Mall.Log.Errors)}");
        }

        await AssertAliveAsync();
    }

    /// <summary>Half-closes after sending, as a client that has said everything, and reads until the server hangs up.</summary>
    private static async Task SendAndReadToTheEndAsync(Uri address, byte[] bytes)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address.Host, address.Port, TestContext.Current.CancellationToken);
        try
        {
            if (bytes.Length > 0) await socket.SendAsync(bytes, TestContext.Current.CancellationToken);
            socket.Shutdown(SocketShutdown.Send);
            var buffer = new byte[4096];
            while (await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken) > 0) { }
        }
        catch (SocketException)
        {
            // Hung up on in the middle of a word, which is an end, too.
        }
    }

    private async Task AssertAliveAsync()
    {
        var answer = await door.Mall.SendAsync("GET", "/health/live");
        Assert.Equal("live", answer.Json.GetProperty("status").GetString());
    }

    private static byte[] Post(string headers, string body) => Encoding.ASCII.GetBytes(
        $"POST /v1/users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{headers}\r\n\r\n{body}");
}
