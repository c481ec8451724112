using System.IO.Pipelines;
using Google.Protobuf;

namespace Mall.Api.Grpc;

/// <summary>What the client of a stream sends.</summary>
internal sealed class RequestStream<T>(PipeReader body, int maxLength) where T : class, IMessage<T>, new()
{
    /// <summary>The next message; null when the client has said all it wanted to say.</summary>
    public ValueTask<T?> Next(CancellationToken cancellationToken) => RpcMessages.ReadNext<T>(body, maxLength, cancellationToken);
}

/// <summary>What the server of a stream answers. Completes a write when the client's flow control lets it.</summary>
internal sealed class ResponseStream<T>(PipeWriter body) where T : IMessage
{
    public async ValueTask Write(T message, CancellationToken cancellationToken)
    {
        RpcMessages.Write(body, message);
        var flushed = await body.FlushAsync(cancellationToken);
        if (flushed.IsCompleted)
            throw new OperationCanceledException("The client has gone.", cancellationToken);
    }
}
