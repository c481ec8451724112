namespace Mall.Runtime;

/// <summary>How processes reach each other as streams of bytes: TCP, or what a test puts in its place.</summary>
public interface IStreamNetwork
{
    /// <summary>Opens a stream to whoever listens at the endpoint.</summary>
    /// <param name="endpoint"><c>host:port</c>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="ConnectionRefusedException">The machine has answered that nobody listens there.</exception>
    /// <exception cref="IOException">There is no way to it, for whatever other reason.</exception>
    Task<Stream> ConnectAsync(string endpoint, CancellationToken cancellationToken);

    /// <summary>Begins to listen.</summary>
    /// <exception cref="IOException">It cannot be listened there; the message says why.</exception>
    IStreamListener Listen(string endpoint);
}

/// <summary>Accepts streams at one endpoint until it is disposed of.</summary>
public interface IStreamListener : IDisposable
{
    /// <summary>The next stream that somebody opens.</summary>
    /// <exception cref="ObjectDisposedException">It does not listen any more.</exception>
    Task<Stream> AcceptAsync(CancellationToken cancellationToken);
}

/// <summary>
/// A machine answers that nobody listens where a silo has listened: its process is gone. Other failures say nothing of that kind.
/// </summary>
public sealed class ConnectionRefusedException : IOException
{
    /// <summary>Says where.</summary>
    public ConnectionRefusedException(string message) : base(message) { }

    /// <summary>Says where and how it showed.</summary>
    public ConnectionRefusedException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>Nothing known.</summary>
    public ConnectionRefusedException() { }
}
