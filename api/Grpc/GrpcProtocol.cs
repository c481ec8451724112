using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http.Features;

namespace Mall.Api.Grpc;

/// <summary>
/// What gRPC asks of HTTP/2 beside the messages: content type, status, trailers (github.com/grpc/grpc, doc/PROTOCOL-HTTP2.md).
/// </summary>
internal static class GrpcProtocol
{
    public const string ContentType = "application/grpc";
    public const string StatusTrailer = "grpc-status";
    public const string MessageTrailer = "grpc-message";
    public const string CodeTrailer = "mall-code";
    public const string TraceTrailer = "mall-trace-id";
    public const string PushbackTrailer = "grpc-retry-pushback-ms";

    private const string ProtobufContentType = "application/grpc+proto";

    /// <summary>
    /// Whether a client means gRPC, whatever its messages are made of. The browsers' dialect (grpc-web) is not it.
    /// </summary>
    public static bool IsGrpc(string? contentType) =>
        contentType is not null
        && contentType.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
        && (contentType.Length == ContentType.Length || contentType[ContentType.Length] is '+' or ';');

    /// <summary>Whether the messages are protocol buffers.</summary>
    public static bool IsProtobuf(string? contentType)
    {
        if (contentType is ContentType)
            return true;
        if (!IsGrpc(contentType))
            return false;
        var end = contentType!.IndexOf(';');
        var mediaType = contentType.AsSpan(0, end < 0 ? contentType.Length : end).TrimEnd();
        return mediaType.Equals(ContentType, StringComparison.OrdinalIgnoreCase)
            || mediaType.Equals(ProtobufContentType, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>
    /// Ends a call with a problem: in trailers when the answer has begun, else in headers alone ("trailers-only"), which costs
    /// the
    /// client one frame.
    /// </summary>
    public static void WriteProblem(HttpContext http, Problem problem, string traceId)
    {
        var trailers = http.Response.HasStarted
            ? http.Features.Get<IHttpResponseTrailersFeature>()?.Trailers
            : BeginTrailersOnly(http);
        if (trailers is null)
            return;
        trailers[StatusTrailer] = Number((int)problem.GrpcStatus);
        trailers[MessageTrailer] = PercentEncode(problem.Detail);
        trailers[CodeTrailer] = Number(problem.Kind.Code);
        trailers[TraceTrailer] = traceId;
        if (problem.Kind.RetryAfterSeconds is { } seconds)
            trailers[PushbackTrailer] = Number(seconds * 1000);
        if (problem.GrpcStatus == GrpcStatus.Unimplemented)
            trailers["grpc-accept-encoding"] = "identity";
    }

    /// <summary>
    /// A message for <c>grpc-message</c>: UTF-8 in which everything but visible ASCII and the space, and the percent sign
    /// itself, is
    /// written as %XX.
    /// </summary>
    public static string PercentEncode(string message)
    {
        if (!message.AsSpan().ContainsAnyExceptInRange(' ', '~') && !message.Contains('%'))
            return message;
        var encoded = new StringBuilder(message.Length + 32);
        foreach (var b in Encoding.UTF8.GetBytes(message))
        {
            if (b is >= (byte)' ' and <= (byte)'~' and not (byte)'%')
                encoded.Append((char)b);
            else
                encoded.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
        }

        return encoded.ToString();
    }

    private static IHeaderDictionary BeginTrailersOnly(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status200OK;
        http.Response.ContentType = ContentType;
        http.Response.ContentLength = null;
        return http.Response.Headers;
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
