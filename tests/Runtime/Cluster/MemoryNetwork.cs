using System.Collections.Concurrent;
using System.IO.Pipelines;
using System.Threading.Channels;

namespace Mall.Runtime.Tests.Cluster;

/// <summary>
/// A network in memory. Each process has its own end of it (<see cref="At"/>), so that a test can cut the way from one to
/// another, in one direction or both; what is sent over a cut way waits until it is mended, as in a network that loses packets.
/// Streams deliver what was written in pieces whose sizes are drawn from a seed.
/// </summary>
public sealed class MemoryNetwork(int seed = 1)
{
    private readonly ConcurrentDictionary<string, Listener> _listeners = new();
    private readonly ConcurrentDictionary<(string From, string To), TaskCompletionSource> _cuts = new();
    private readonly ConcurrentDictionary<string, bool> _dead = new();
    private readonly ConcurrentDictionary<PipeStream, bool> _streams = new();
    private readonly Random _random = new(seed);
    private readonly Lock _lock = new();

    /// <summary>The network as the process with this name has it; a silo's name is its endpoint.</summary>
    public IStreamNetwork At(string name) => new End(this, name);

    /// <summary>Nothing that <paramref name="from"/> sends arrives at <paramref name="to"/> any more.</summary>
    public void Cut(string from, string to) =>
        _cuts.TryAdd((from, to), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    public void CutBoth(string one, string other)
    {
        Cut(one, other);
        Cut(other, one);
    }

    public void Mend(string from, string to)
    {
        if (_cuts.TryRemove((from, to), out var cut)) cut.SetResult();
    }

    public void MendAll()
    {
        foreach (var (way, _) in _cuts) Mend(way.From, way.To);
    }

    /// <summary>
    /// What the machine of a process does when that is killed: its connections break, and whoever dials it is refused. The
    /// process itself, if it is still about, reaches nobody any more.
    /// </summary>
    public void Kill(string name)
    {
        _dead[name] = true;
        _listeners.TryRemove(name, out _);
        foreach (var (stream, _) in _streams)
        {
            if (stream.Belongs(name)) stream.Dispose();
        }
    }

    /// <summary>A new process may use the name.</summary>
    public void Revive(string name) => _dead.TryRemove(name, out _);

    private Task WhenOpen(string from, string to) => _cuts.TryGetValue((from, to), out var cut) ? cut.Task : Task.CompletedTask;

    private int Piece(int most)
    {
        lock (_lock) return _random.Next(4) == 0 ? _random.Next(1, Math.Min(most, 16) + 1) : _random.Next(1, most + 1);
    }

    private PipeStream Track(PipeStream stream)
    {
        _streams[stream] = true;
        return stream;
    }

    private sealed class End(MemoryNetwork network, string name) : IStreamNetwork
    {
        public async Task<Stream> ConnectAsync(string endpoint, CancellationToken cancellationToken)
        {
            if (network._dead.ContainsKey(name)) throw new IOException($"{name} is dead");
            await network.WhenOpen(name, endpoint).WaitAsync(cancellationToken);
            await network.WhenOpen(endpoint, name).WaitAsync(cancellationToken);
            if (!network._listeners.TryGetValue(endpoint, out var listener))
                throw new ConnectionRefusedException($"{endpoint}: refused");
            var (there, back) = (new Pipe(), new Pipe());
            listener.Accepted.Writer.TryWrite(
                network.Track(new PipeStream(network, there.Reader, back.Writer, from: name, to: endpoint)));
            return network.Track(new PipeStream(network, back.Reader, there.Writer, from: endpoint, to: name));
        }

        public IStreamListener Listen(string endpoint)
        {
            var listener = new Listener(network, endpoint);
            if (!network._listeners.TryAdd(endpoint, listener)) throw new IOException($"{endpoint}: in use");
            return listener;
        }
    }

    private sealed class Listener(MemoryNetwork network, string endpoint) : IStreamListener
    {
        public Channel<Stream> Accepted { get; } = Channel.CreateUnbounded<Stream>();

        public Task<Stream> AcceptAsync(CancellationToken cancellationToken) =>
            Accepted.Reader.ReadAsync(cancellationToken).AsTask();

        public void Dispose() => network._listeners.TryRemove(KeyValuePair.Create(endpoint, this));
    }

    /// <summary>
    /// One end of a connection. Its reader gets what comes over the way <paramref name="from"/>, <paramref name="to"/>.
    /// </summary>
    private sealed class PipeStream(MemoryNetwork network, PipeReader reader, PipeWriter writer, string from, string to) : Stream
    {
        private readonly CancellationTokenSource _disposed = new();

        public bool Belongs(string name) => from == name || to == name;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(_disposed.Token, cancellationToken);
            var result = await reader.ReadAsync(either.Token);
            await network.WhenOpen(from, to).WaitAsync(either.Token);
            var length = (int)Math.Min(result.Buffer.Length, buffer.Length);
            if (length > 0) length = network.Piece(length);
            var taken = result.Buffer.Slice(0, length);
            foreach (var piece in taken)
            {
                piece.CopyTo(buffer);
                buffer = buffer[piece.Length..];
            }

            reader.AdvanceTo(taken.End);
            return length;
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(_disposed.Token, cancellationToken);
            var result = await writer.WriteAsync(buffer, either.Token);
            if (result.IsCompleted) throw new IOException("the other side has hung up");
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Flush()
        {
        }

        protected override void Dispose(bool disposing)
        {
            if (!_disposed.IsCancellationRequested)
            {
                _disposed.Cancel();
                network._streams.TryRemove(this, out _);
                _ = HangUpAsync();
            }

            base.Dispose(disposing);
        }

        /// <summary>The news that this side has hung up is subject to cuts, as everything that it sends.</summary>
        private async Task HangUpAsync()
        {
            await network.WhenOpen(to, from);
            await writer.CompleteAsync();
        }
    }
}
