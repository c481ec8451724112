using System.Text;
using Mall.Bench.Load.Clients;

namespace Mall.Bench.Tests;

public sealed class HttpAnswerTests
{
    const string WithLength = "HTTP/1.1 409 Conflict\r\nServer: x\r\nContent-Length: 14\r\n\r\n{\"code\":300002";
    const string WithChunks = "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"id\"\r\n3\r\n:7}\r\n0\r\n\r\n";
    const string Closing = "HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

    [Theory]
    [InlineData(WithLength, 409, 300002, true)]
    [InlineData(WithChunks, 201, 0, true)]
    [InlineData(Closing, 503, 0, false)]
    public void TryRead_OfAWholeAnswer_FindsStatusCodeAndWhetherItGoesOn(string text, int status, int code, bool keepsAlive)
    {
        Assert.True(HttpAnswer.TryRead(Encoding.ASCII.GetBytes(text), out var answer));
        Assert.Equal(new HttpAnswer(status, code, keepsAlive), answer);
    }

    [Theory]
    [InlineData(WithLength)]
    [InlineData(WithChunks)]
    [InlineData(Closing)]
    public void TryRead_OfAnAnswerCutAnywhere_WaitsForMore(string text) => Assert.All(
        Enumerable.Range(0, text.Length),
        cut => Assert.False(HttpAnswer.TryRead(Encoding.ASCII.GetBytes(text[..cut]), out _), $"cut after {cut} bytes"));

    [Theory]
    [InlineData("SSH-2.0-OpenSSH\r\n\r\n")]
    [InlineData("HTTP/1.1 abc\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n\r\nuntil the connection ends")]
    public void TryRead_OfSomethingElse_SaysSo(string text) =>
        Assert.Throws<InvalidDataException>(() => HttpAnswer.TryRead(Encoding.ASCII.GetBytes(text), out _));
}
