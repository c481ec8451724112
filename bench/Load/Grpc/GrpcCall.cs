using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;

namespace Mall.Bench.Load.Grpc;

/// <summary>What became of a gRPC call: its status by number, the mall's code with it, and the message if there is one.</summary>
/// <param name="Status">0 is OK.</param>
/// <param name="MallCode">The trailer <c>mall-code</c>, or null.</param>
sealed record GrpcOutcome(string Status, string? MallCode, string? Detail, ReadOnlyMemory<byte> Message);

/// <summary>Unary gRPC over HTTP/2 without a library: one framed message each way, the status in the trailers.</summary>
static class GrpcCall
{
    const int PrefixLength = 5;

    static readonly MediaTypeHeaderValue s_contentType = new("application/grpc");

    /// <summary>A connection of its own, opened by the first call on it, and again when it was lost.</summary>
    public static HttpMessageInvoker Connection() => new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        ActivityHeadersPropagator = null,
    });

    /// <summary>A message with its prefix: not compressed, and its length.</summary>
    public static byte[] Frame(ReadOnlySpan<byte> message)
    {
        var framed = new byte[PrefixLength + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), message.Length);
        message.CopyTo(framed.AsSpan(PrefixLength));
        return framed;
    }

    /// <param name="framed">Made by <see cref="Frame"/>.</param>
    public static HttpRequestMessage Request(Uri method, byte[] framed, string? authorization)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, method)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(framed),
        };
        request.Content.Headers.ContentType = s_contentType;
        request.Headers.TryAddWithoutValidation("te", "trailers");
        if (authorization is not null)
            request.Headers.TryAddWithoutValidation("authorization", authorization);
        return request;
    }

    /// <summary>Reads the answer to its end, after which the trailers are there.</summary>
    /// <exception cref="HttpRequestException">There is none.</exception>
    public static async ValueTask<GrpcOutcome> SendAsync(
        HttpMessageInvoker connection, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var response = await connection.SendAsync(request, cancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        if (response.StatusCode != HttpStatusCode.OK)
            return new GrpcOutcome($"http {(int)response.StatusCode}", null, null, default);

        // An answer without a message carries its status in the headers.
        var status = Value(response.TrailingHeaders, "grpc-status") ?? Value(response.Headers, "grpc-status") ?? "no status";
        var code = Value(response.TrailingHeaders, "mall-code") ?? Value(response.Headers, "mall-code");
        var detail = Value(response.TrailingHeaders, "grpc-message") ?? Value(response.Headers, "grpc-message");
        return new GrpcOutcome(status, code, detail, body.Length < PrefixLength ? default : body.AsMemory(PrefixLength));
    }

    static string? Value(HttpResponseHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;
}
