using System.Net;
using System.Net.Http.Headers;

namespace Mall.Tests.FrontDoor.Grpc;

/// <summary>A message whose first bytes are sent at once; the others come by and by, or never.</summary>
/// <param name="beginning">The first bytes.</param>
/// <param name="piece">How many come at a time after that.</param>
/// <param name="every">And how often.</param>
internal sealed class Trickle(byte[] beginning, int piece, TimeSpan every) : HttpContent
{
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the beginning was handed to the network.</summary>
    public Task Begun => _begun.Task;

    public static HttpRequestMessage Call(Uri method, Trickle message)
    {
        message.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        return new HttpRequestMessage(HttpMethod.Post, method)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = message,
        };
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        for (var bytes = beginning; ; bytes = new byte[piece])
        {
            await stream.WriteAsync(bytes, cancellationToken);
            await stream.FlushAsync(cancellationToken); // Or the client keeps it until there is more.
            _begun.TrySetResult();
            await Task.Delay(every, cancellationToken);
        }
    }

    /// <summary>Nobody knows before: what announced a length would have to keep to it.</summary>
    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
