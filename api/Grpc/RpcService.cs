using Google.Protobuf;
using Google.Protobuf.Reflection;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Mall.Api.Grpc;

/// <summary>
/// Binds handlers to the methods of a service, as its descriptor (compiled from the .proto file) names them. A method that has no
/// handler, a handler that has no method, and one for other messages fail the start, not the first call.
/// </summary>
internal sealed class RpcService(ServiceDescriptor descriptor)
{
    private readonly Dictionary<string, RpcMethod> _methods = [];

    public ServiceDescriptor Descriptor => descriptor;

    /// <summary>A unary method for anybody.</summary>
    public RpcService Open<TRequest, TResponse>(string method, Func<RpcCall, TRequest, Task<Result<TResponse>>> handler)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse> =>
        Unary<TRequest, TResponse>(method, Access.Open, (call, _, request) => handler(call, request));

    /// <summary>A unary method for anybody with a good token.</summary>
    public RpcService User<TRequest, TResponse>(string method, Func<RpcCall, Caller, TRequest, Task<Result<TResponse>>> handler)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse> =>
        Unary(method, Access.User, handler);

    /// <summary>A unary method for operators.</summary>
    public RpcService Operator<TRequest, TResponse>(
        string method, Func<RpcCall, Caller, TRequest, Task<Result<TResponse>>> handler)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse> =>
        Unary(method, Access.Operator, handler);

    /// <summary>A method of one message in and many out.</summary>
    public RpcService ServerStream<TRequest, TResponse>(
        string method, Access access, Func<RpcCall, Caller, TRequest, ResponseStream<TResponse>, Task> handler)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>
    {
        return Stream<TRequest, TResponse>(method, access, ReadThenHandle, clientStreams: false);

        async Task ReadThenHandle(
            RpcCall call, Caller caller, RequestStream<TRequest> requests, ResponseStream<TResponse> responses)
        {
            var request = await requests.Next(call.Cancellation)
                ?? throw new ProblemException(FrameReader.Malformed("there is no message"));
            await handler(call, caller, request, responses);
        }
    }

    /// <summary>A method of many messages in and many out.</summary>
    /// <param name="method">Its name.</param>
    /// <param name="access">Who may call it.</param>
    /// <param name="handler">Serves it.</param>
    /// <param name="sameOnTheWire">The handler's messages are not the descriptor's, but read and write the same bytes.</param>
    public RpcService Duplex<TRequest, TResponse>(
        string method,
        Access access,
        Func<RpcCall, Caller, RequestStream<TRequest>, ResponseStream<TResponse>, Task> handler,
        bool sameOnTheWire = false)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse> =>
        Stream(method, access, handler, clientStreams: true, sameOnTheWire);

    /// <summary>All methods.</summary>
    /// <exception cref="InvalidOperationException">One has no handler.</exception>
    public IReadOnlyCollection<RpcMethod> Complete()
    {
        var missing = descriptor.Methods.Select(method => method.Name).Except(_methods.Keys).ToArray();
        return missing.Length == 0
            ? _methods.Values
            : throw new InvalidOperationException($"{descriptor.FullName}: no handler for {string.Join(", ", missing)}.");
    }

    private RpcService Unary<TRequest, TResponse>(
        string method, Access access, Func<RpcCall, Caller, TRequest, Task<Result<TResponse>>> handler)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>
    {
        var fullName = Check<TRequest, TResponse>(method, clientStreams: false, serverStreams: false, sameOnTheWire: false);
        _methods.Add(method, new UnaryMethod<TRequest, TResponse>(fullName, access, handler));
        return this;
    }

    private RpcService Stream<TRequest, TResponse>(
        string method,
        Access access,
        Func<RpcCall, Caller, RequestStream<TRequest>, ResponseStream<TResponse>, Task> handler,
        bool clientStreams,
        bool sameOnTheWire = false)
        where TRequest : class, IMessage<TRequest>, new()
        where TResponse : class, IMessage<TResponse>
    {
        var fullName = Check<TRequest, TResponse>(method, clientStreams, serverStreams: true, sameOnTheWire);
        _methods.Add(method, new StreamingMethod<TRequest, TResponse>(fullName, access, handler));
        return this;
    }

    private string Check<TRequest, TResponse>(string name, bool clientStreams, bool serverStreams, bool sameOnTheWire)
    {
        var method = descriptor.FindMethodByName(name)
            ?? throw new InvalidOperationException($"{descriptor.FullName} has no method {name}.");
        if (method.IsClientStreaming != clientStreams || method.IsServerStreaming != serverStreams)
            throw new InvalidOperationException($"{method.FullName} streams otherwise than its handler.");
        if (!sameOnTheWire && (method.InputType.ClrType != typeof(TRequest) || method.OutputType.ClrType != typeof(TResponse)))
            throw new InvalidOperationException($"{method.FullName} has other messages than its handler.");
        return $"{descriptor.FullName}/{name}";
    }
}
