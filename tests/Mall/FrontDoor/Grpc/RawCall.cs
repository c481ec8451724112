using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using Mall.Tests.Hosting;

namespace Mall.Tests.FrontDoor.Grpc;

/// <summary>How a gRPC call ended, from trailers or, when there was no message, from the headers.</summary>
/// <param name="Status">Of gRPC; null when it was no gRPC call.</param>
/// <param name="Code">The mall's; null when all went well.</param>
internal sealed record RawAnswer(
    HttpStatusCode HttpStatus, string? ContentType, int? Status, int? Code, string? Message, byte[] Body)
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

    public static Task<RawAnswer> CallAsync(
        this WholeMall mall, string method, IMessage message, string? token = null, params (string, string)[] metadata) =>
        mall.CallAsync(method, Frame(message), token, metadata);

    public static async Task<RawAnswer> CallAsync(
        this WholeMall mall, string method, byte[] body, string? token = null, params (string, string)[] metadata)
    {
        using var response = await mall.BeginAsync(method, body, token, metadata);
        var answered = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        return new RawAnswer(
            response.StatusCode,
            response.Content.Headers.ContentType?.MediaType,
            Number(response, "grpc-status"),
            Number(response, "mall-code"),
            Trailer(response, "grpc-message"),
            answered);
    }

    /// <summary>Completes with the first bytes of the answer, for streams.</summary>
    public static async Task<HttpResponseMessage> BeginAsync(
        this WholeMall mall, string method, byte[] body, string? token = null, params (string, string)[] metadata)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(mall.Grpc, method))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body) { Headers = { { "Content-Type", "application/grpc" } } },
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        foreach (var (name, value) in metadata)
        {
            if (name == "Content-Type") request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(value);
            else request.Headers.TryAddWithoutValidation(name, value);
        }

        return await mall.Client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    public static string? Trailer(HttpResponseMessage response, string name) =>
        response.TrailingHeaders.TryGetValues(name, out var values) || response.Headers.TryGetValues(name, out values)
            ? values.Single() : null;

    private static int? Number(HttpResponseMessage response, string name) =>
        Trailer(response, name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
