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

    [Fact]
    public async Task LargeAnswers_ThatNobodyReads_LeaveRoomForSmallOnes_AndAreRefusedUntilTheirReaderGoes()
    {
        var options = new ApiOptions
        {
            TokenKey = WholeMall.TokenKey, PasswordHashIterations = 1000, MaxUnreadBytes = 4 * 1024 * 1024,
        };
        await using var mall = await WholeMall.OpenAsync(options: options);
        var (_, token) = await mall.RegisterAsync("13800000001");
        await mall.SendAsync("POST", "/v1/shops", """{"name":"Tea"}""", token);
        var desc = new string('ä', 4000); // Six bytes each in an answer.
        for (var i = 0; i < 50; i++)
        {
            var made = await mall.SendAsync(
                "POST", "/v1/products", $$"""{"name":"Tea","desc":"{{desc}}","stock":1,"price":1}""", token);
            Assert.Equal(HttpStatusCode.Created, made.Status);
        }

        const string page = "/v1/products?limit=50";
        Assert.Equal(HttpStatusCode.OK, (await mall.SendAsync("GET", page)).Status); // Larger than all the room of an address.
        using (var greedy = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 })
        {
            await greedy.ConnectAsync(mall.Http.Host, mall.Http.Port, Cancel);
            var asks = string.Concat(Enumerable.Repeat($"GET {page} HTTP/1.1\r\nHost: x\r\n\r\n", 20)); // The kernel keeps some.
            await greedy.SendAsync(Encoding.ASCII.GetBytes(asks), Cancel);

            await UntilAsync(HttpStatusCode.TooManyRequests);
            Assert.Equal(HttpStatusCode.OK, (await mall.SendAsync("GET", "/v1/products?limit=1")).Status);
        }

        await UntilAsync(HttpStatusCode.OK);

        Task UntilAsync(HttpStatusCode status) => TestMall.EventuallyAsync(
            async () => (await mall.SendAsync("GET", page)).Status == status, $"a large answer is {status}");
    }
}
