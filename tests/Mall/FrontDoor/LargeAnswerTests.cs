using System.Net;
using System.Net.Sockets;
using System.Text;
using Mall.Api;
using Mall.Tests.Hosting;

namespace Mall.Tests.FrontDoor;

/// <summary>What waits in memory for a client that does not read is bounded, and comes back when the client goes.</summary>
public sealed class LargeAnswerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private const string Page = "/v1/products?limit=50";
    private const string SmallPage = "/v1/products?limit=2"; // Some 48 KB.
    private static readonly TimeSpan s_stop = TimeSpan.FromSeconds(20); // Five, on a machine that does nothing else.

    [Fact]
    public async Task LargeAnswers_ThatNobodyReads_LeaveRoomForSmallOnes_AndAreRefusedUntilTheirReaderGoes()
    {
        await using var mall = await OpenAsync();
        Assert.Equal(HttpStatusCode.OK, (await mall.SendAsync("GET", Page)).Status); // Larger than all the room of an address.
        using (var greedy = await TakeRoomAsync(mall, mall.Http, Asks(20, Page))) // The kernel keeps some.
        {
            Assert.Equal(HttpStatusCode.OK, (await mall.SendAsync("GET", "/v1/products?limit=1")).Status);
        }

        await UntilAsync(mall, HttpStatusCode.OK);
    }

    /// <summary>A client that opens no window for what it has asked for.</summary>
    [Theory]
    [InlineData("GET", Page)]
    [InlineData("POST", "/mall.v1.Products/List")]
    public async Task LargeAnswersOverHttp2_ThatNobodyReads_AreRefusedUntilTheirReaderGoes(string method, string path)
    {
        await using var mall = await OpenAsync();
        var answers = new List<HttpResponseMessage>();
        using (var greedy = new HttpClient(new SocketsHttpHandler { InitialHttp2StreamWindowSize = 65_535 }))
        {
            for (var i = 0; i < 3; i++) answers.Add(await AskAsync(greedy));
            await UntilAsync(mall, HttpStatusCode.TooManyRequests);
            Assert.Equal(HttpStatusCode.OK, (await mall.SendAsync("GET", "/v1/products?limit=1")).Status);
            answers.ForEach(answer => answer.Dispose());
        }

        await UntilAsync(mall, HttpStatusCode.OK);

        async Task<HttpResponseMessage> AskAsync(HttpClient client)
        {
            using var request = new HttpRequestMessage(method: new HttpMethod(method), new Uri(mall.Grpc, path));
            (request.Version, request.VersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
            if (method == "POST")
            {
                request.Content = new ByteArrayContent([0, 0, 0, 0, 2, 0x10, 50]); // A message with limit = 50.
                request.Content.Headers.ContentType = new("application/grpc");
            }

            return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        }
    }

    /// <summary>One connection may have hundreds of them, so that they need room as well.</summary>
    [Fact]
    public async Task SmallAnswersOverHttp2_ThatNobodyReads_AreRefusedUntilTheirReaderGoes()
    {
        await using var mall = await OpenAsync();
        using var other = new HttpClient();
        using (var greedy = await AskAndNeverReadAsync(mall.Grpc, AsksWithoutWindow(60, SmallPage)))
            await UntilSmallAsync(HttpStatusCode.TooManyRequests);

        await UntilSmallAsync(HttpStatusCode.OK);

        Task UntilSmallAsync(HttpStatusCode status) => TestMall.EventuallyAsync(async () =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(mall.Grpc, SmallPage));
            (request.Version, request.VersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
            using var answer = await other.SendAsync(request, Cancel);
            return answer.StatusCode == status;
        }, $"an answer is {status}");
    }

    /// <summary>Whoever does not read is waited for, but not for all the time that a stop has.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stop_WhileLargeAnswersAreNotRead_GivesThemUp(bool overHttp2)
    {
        await using var mall = await OpenAsync();
        using var greedy = overHttp2
            ? await TakeRoomAsync(mall, mall.Grpc, AsksWithoutWindow(20, Page))
            : await TakeRoomAsync(mall, mall.Http, Asks(20, Page));
        await mall.StopAsync().WaitAsync(s_stop, Cancel);
    }

    /// <summary>Until there is none left for others. It is asked again: who looks, needs room too, and may have all of it just
    /// then.</summary>
    private static async Task<Socket> TakeRoomAsync(WholeMall mall, Uri address, byte[] asks)
    {
        while (true)
        {
            var greedy = await AskAndNeverReadAsync(address, asks);
            for (var look = 0; look < 50; look++)
                if ((await mall.SendAsync("GET", Page)).Status == HttpStatusCode.TooManyRequests) return greedy;
            greedy.Dispose();
        }
    }

    private static async Task<Socket> AskAndNeverReadAsync(Uri address, byte[] asks)
    {
        var greedy = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await greedy.ConnectAsync(address.Host, address.Port, Cancel);
        await greedy.SendAsync(asks, Cancel);
        return greedy;
    }

    private static byte[] Asks(int number, string path) => Encoding.ASCII.GetBytes(
        string.Concat(Enumerable.Repeat($"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n", number)));

    /// <summary>Each on a stream of its own, with an initial window of 0.</summary>
    private static byte[] AsksWithoutWindow(int number, string path) =>
    [
        .. Http2Frame.Preface(0, 4, 0, 0, 0, 0),
        .. Enumerable.Range(0, number).SelectMany(i => Http2Frame.Get(2 * i + 1, path)),
    ];

    private static async Task<WholeMall> OpenAsync()
    {
        var options = new ApiOptions
        {
            TokenKey = WholeMall.TokenKey, PasswordHashIterations = 1000, MaxUnreadBytes = 4 * 1024 * 1024,
        };
        var mall = await WholeMall.OpenAsync(options: options);
        var (_, token) = await mall.RegisterAsync("13800000001");
        await mall.SendAsync("POST", "/v1/shops", """{"name":"Tea"}""", token);
        var desc = new string('ä', 4000); // Six bytes each in an answer.
        for (var i = 0; i < 50; i++)
        {
            var made = await mall.SendAsync(
                "POST", "/v1/products", $$"""{"name":"Tea","desc":"{{desc}}","stock":1,"price":1}""", token);
            Assert.Equal(HttpStatusCode.Created, made.Status);
        }

        return mall;
    }

    private static Task UntilAsync(WholeMall mall, HttpStatusCode status) => TestMall.EventuallyAsync(
        async () => (await mall.SendAsync("GET", Page)).Status == status, $"a large answer is {status}");
}
