using System.Buffers.Binary;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;

namespace Mall.Tests.FrontDoor.Grpc;

/// <summary>How a gRPC call ended, from trailers or, when there was no message, from the headers.</summary>
internal sealed record RawAnswer(HttpStatusCode HttpStatus, string? ContentType, int? Status, int? Code, string? Message, byte[] Body)
{
    /// <summary>The first message.</summary>
    public T Read<T>() where T : IMessage<T>, new() =>
        new MessageParser<T>(() => new T()).ParseFrom(Body, 5, BinaryPrimitives.ReadInt32BigEndian(Body.AsSpan(1)));
}

/// <summary>Speaks gRPC by hand over HTTP/2, so that it can speak it wrongly.</summary>
internal static class RawCall
{
    public static byte[] Frame(IMessage message) => Frame(message.ToByteArray());

    public static byte[] Frame(byte[] message, byte flag = 0)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    public static HttpRequestMessage Request(Uri server, string method, byte[]? body, string? token, params (string, string)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, method))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body ?? []) { Headers = { { "Content-Type", "application/grpc" } } },
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        foreach (var (name, value) in headers)
        {
            if (name == "Content-Type") request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(value);
            else request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    public static async Task<RawAnswer> SendAsync(HttpClient client, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var response = await client.SendAsync(request, cancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
        return new RawAnswer(
            response.StatusCode,
            response.Content.Headers.ContentType?.MediaType,
            Number("grpc-status"),
            Number("mall-code"),
            Trailer("grpc-message"),
            body);

        string? Trailer(string name) =>
            response.TrailingHeaders.TryGetValues(name, out var trailers) || response.Headers.TryGetValues(name, out trailers)
                ? trailers.Single() : null;

        int? Number(string name) => Trailer(name) is { } text ? int.Parse(text, System.Globalization.CultureInfo.InvariantCulture) : null;
    }
}
