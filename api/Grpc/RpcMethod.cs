using Google.Protobuf;

namespace Mall.Api.Grpc;

/// <summary>A method of a service, ready to be served. Who may call it is checked before its request is read.</summary>
internal abstract class RpcMethod(string fullName, Access access)
{
    /// <summary><c>package.Service/Method</c>.</summary>
    public string FullName { get; } = fullName;

    public Access Access { get; } = access;

    public abstract bool IsStreaming { get; }

    /// <summary>Reads the request, has it handled, writes the answer's messages; the dispatcher writes the status.</summary>
    /// <returns>A refusal, or null when all went well.</returns>
    public abstract Task<Refusal?> Serve(HttpContext http, RpcCall call, Caller caller, int maxMessageLength);
}

/// <summary>One message in, one out.</summary>
internal sealed class UnaryMethod<TRequest, TResponse>(
    string fullName,
    Access access,
    Func<RpcCall, Caller, TRequest, Task<Result<TResponse>>> handler) : RpcMethod(fullName, access)
    where TRequest : class, IMessage<TRequest>, new()
    where TResponse : class, IMessage<TResponse>
{
    public override bool IsStreaming => false;

    public override async Task<Refusal?> Serve(HttpContext http, RpcCall call, Caller caller, int maxMessageLength)
    {
        var request = await RpcMessages.ReadSingle<TRequest>(http.Request.BodyReader, maxMessageLength, call.Cancellation);
        var result = await handler(call, caller, request);
        if (result.IsRefused)
            return result.Refusal;

        // Not flushed: Kestrel sends headers, message and trailers together when the request ends.
        http.Response.ContentType = GrpcProtocol.ContentType;
        RpcMessages.Write(http.Response.BodyWriter, result.Value);
        return null;
    }
}

/// <summary>
/// Any number of messages in, any number out, each side at its own pace; with one message in it is a server stream.
/// </summary>
internal sealed class StreamingMethod<TRequest, TResponse>(
    string fullName,
    Access access,
    Func<RpcCall, Caller, RequestStream<TRequest>, ResponseStream<TResponse>, Task> handler) : RpcMethod(fullName, access)
    where TRequest : class, IMessage<TRequest>, new()
    where TResponse : class, IMessage<TResponse>
{
    public override bool IsStreaming => true;

    public override async Task<Refusal?> Serve(HttpContext http, RpcCall call, Caller caller, int maxMessageLength)
    {
        http.Response.ContentType = GrpcProtocol.ContentType;
        await handler(
            call,
            caller,
            new RequestStream<TRequest>(http.Request.BodyReader, maxMessageLength),
            new ResponseStream<TResponse>(http.Response.BodyWriter));
        return null;
    }
}
