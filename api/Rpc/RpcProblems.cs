using Google.Protobuf;

namespace Mall.Api.Rpc;

/// <summary>Problems as gRPC shows them: the status, and as trailers the code, the trace id and when to try again.</summary>
internal static class RpcProblems
{
    public const string CodeTrailer = "mall-code";

    private const string TraceTrailer = "mall-trace-id";
    private const string PushbackTrailer = "grpc-retry-pushback-ms";
    private const string StatusTrailer = "grpc-status";
    private const string MessageTrailer = "grpc-message";
    private const string ContentType = "application/grpc";

    /// <summary>
    /// Whether a request wants gRPC's answers: by its endpoint, or by what it says of itself when it has found none. The
    /// browsers' dialect (grpc-web) is not it.
    /// </summary>
    public static bool AsksForGrpc(this HttpContext http) => http.GetEndpoint() is { } endpoint
        ? endpoint.Metadata.GetMetadata<GrpcMethodMetadata>() is not null
        : http.Request.ContentType is { } type && type.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase)
            && (type.Length == ContentType.Length || type[ContentType.Length] is '+' or ';');

    /// <summary>Ends a handler's call with a problem.</summary>
    public static RpcException ToRpcException(this Problem problem, string traceId)
    {
        var trailers = new Metadata();
        foreach (var (name, value) in Trailers(problem, traceId))
            trailers.Add(name, value);
        return new RpcException(new Status(problem.GrpcStatus, problem.Detail), trailers);
    }

    /// <summary>Ends a call that has reached no handler, in headers alone ("trailers-only").</summary>
    public static void Write(HttpContext http, Problem problem, string traceId)
    {
        http.Response.StatusCode = StatusCodes.Status200OK;
        http.Response.ContentType = ContentType;
        var headers = http.Response.Headers;
        headers[StatusTrailer] = Number((int)problem.GrpcStatus);
        headers[MessageTrailer] = Encode(problem.Detail);
        foreach (var (name, value) in Trailers(problem, traceId))
            headers[name] = value;
    }

    /// <summary>
    /// Puts into the mall's words what the framework has refused before a handler saw it: what it could not read, a service that
    /// is not watched over.
    /// </summary>
    public static void Reword(HttpContext http)
    {
        var call = http.Features.Get<IServerCallContextFeature>()?.ServerCallContext;
        if (http.Response.HasStarted || http.Response.Headers.ContainsKey(CodeTrailer)
            || call?.Status is not { StatusCode: not StatusCode.OK } status)
            return;
        var problem = status switch
        {
            { StatusCode: StatusCode.NotFound } => Problem.BadCall(StatusCode.NotFound, "There is no such service."),
            { StatusCode: StatusCode.ResourceExhausted } => ProblemMapping.TooLarge,
            { DebugException: IOException and not InvalidProtocolBufferException } => ProblemMapping.TooLarge,
            { StatusCode: StatusCode.Unimplemented } => Compressed,
            _ when status.Detail.EndsWith("compressed message.", StringComparison.Ordinal) => Compressed,
            _ => Problem.Of(ErrorCodes.BadParameter, "The call is malformed: it is not the one message that is taken here."),
        };
        Write(http, problem, TraceIds.Of(http));
    }

    private static Problem Compressed { get; } =
        Problem.BadCall(StatusCode.Unimplemented, "Compressed messages are not taken; send them as they are.");

    private static IEnumerable<(string Name, string Value)> Trailers(Problem problem, string traceId)
    {
        yield return (CodeTrailer, Number(problem.Kind.Code));
        yield return (TraceTrailer, traceId);
        if (problem.RetryAfterSeconds is { } seconds)
            yield return (PushbackTrailer, Number(seconds * 1000));
    }

    /// <summary>
    /// A status message as gRPC over HTTP/2 writes it: plain ASCII as it is, and what is not, byte by byte of UTF-8, behind a
    /// percent sign. Some clients decode no more than that.
    /// </summary>
    private static string Encode(string message)
    {
        var encoded = new StringBuilder(message.Length);
        foreach (var octet in Encoding.UTF8.GetBytes(message))
        {
            if (octet is >= (byte)' ' and <= (byte)'~' and not (byte)'%') encoded.Append((char)octet);
            else encoded.Append(CultureInfo.InvariantCulture, $"%{octet:X2}");
        }

        return encoded.ToString();
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
