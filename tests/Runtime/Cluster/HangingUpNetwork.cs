namespace Mall.Runtime.Tests.Cluster;

/// <summary>A network on which somebody connects once, says something, and has hung up when it is answered.</summary>
public sealed class HangingUpNetwork(byte[] said) : IStreamNetwork, IStreamListener
{
    private readonly TaskCompletionSource<Stream> _nobodyElse = new();
    private bool _hasConnected;

    public IStreamListener Listen(string endpoint) => this;

    public Task<Stream> ConnectAsync(string endpoint, CancellationToken cancellationToken) =>
        throw new ConnectionRefusedException("Nobody else is there.");

    public Task<Stream> AcceptAsync(CancellationToken cancellationToken)
    {
        if (_hasConnected) return _nobodyElse.Task.WaitAsync(cancellationToken);
        _hasConnected = true;
        return Task.FromResult<Stream>(new HungUp(said));
    }

    public void Dispose() => _nobodyElse.TrySetException(new ObjectDisposedException(nameof(HangingUpNetwork)));

    private sealed class HungUp(byte[] said) : MemoryStream(said, writable: false)
    {
        public override bool CanWrite => true;

        public override void Write(byte[] buffer, int offset, int count) => throw new IOException("Broken pipe");

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            ValueTask.FromException(new IOException("Broken pipe"));
    }
}
