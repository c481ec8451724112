using Google.Protobuf;
using Mall.Tests.FrontDoor.Grpc;

namespace Mall.Tests.FrontDoor.BadRequests;

/// <summary>A gRPC call that must be refused, and how.</summary>
/// <param name="Body">What the client sends, frames and all.</param>
/// <param name="Status">As in <c>grpc-status</c>; null when it is no gRPC call at all and HTTP's status says so.</param>
internal sealed record BadCall(string Name, As Who, string Method, Func<FrontDoorMall, byte[]> Body, int? Status, int Code)
{
    public int HttpStatus { get; init; } = 200;

    public (string, string)[] Headers { get; init; } = [];

    /// <summary>A call of one well-formed message.</summary>
    public static BadCall Of(As who, string method, IMessage message, int status, int code, string name) =>
        Of(who, method, _ => message, status, code, name);

    /// <inheritdoc cref="Of(As, string, IMessage, int, int, string)"/>
    public static BadCall Of(As who, string method, Func<FrontDoorMall, IMessage> message, int status, int code, string name) =>
        new($"{method}: {name}", who, method, door => RawCall.Frame(message(door)), status, code);
}
