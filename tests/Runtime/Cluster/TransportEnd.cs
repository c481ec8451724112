using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mall.Runtime.Tests.Cluster;

/// <summary>A process as far as its transport: sends texts, and keeps what it gets.</summary>
public sealed class TransportEnd : IFrameReceiver, IAsyncDisposable, IMeterFactory, ILogger<ClusterTransport>
{
    private TransportEnd(IStreamNetwork network, string name, Action<ClusterOptions>? configure)
    {
        var options = new ClusterOptions { Endpoint = name, Secret = "secret" };
        configure?.Invoke(options);
        Membership = new FixedMembership(new SiloAddress(name, 1));
        Transport = new ClusterTransport(
            Membership, network, new ThreadPoolScheduler(), new SystemRandomSource(), TimeProvider.System,
            Options.Create(options), this, this);
        Transport.Start(this);
    }

    public ClusterTransport Transport { get; }

    public FixedMembership Membership { get; }

    public SiloAddress Self => Membership.Self;

    public ConcurrentQueue<(SiloAddress Source, string Text)> Received { get; } = new();

    public ConcurrentQueue<(SiloAddress Peer, Exception Reason)> Losses { get; } = new();

    public ConcurrentQueue<string> Log { get; } = new();

    /// <summary>What this process answers to a text; null: nothing.</summary>
    public Func<string, string?> Answer { get; set; } = static _ => null;

    public static TransportEnd Start(MemoryNetwork network, string name, Action<ClusterOptions>? configure = null) =>
        new(network.At(name), name, configure);

    public static TransportEnd Start(IStreamNetwork network, string name) => new(network, name, configure: null);

    public TextFrame Send(TransportEnd to, string text) => Send(to.Self, text);

    public TextFrame Send(SiloAddress to, string text)
    {
        var frame = new TextFrame(text);
        Transport.Send(to, frame);
        return frame;
    }

    public void Receive(SiloAddress source, ReadOnlySpan<byte> frame)
    {
        if (frame[0] != TextFrame.Kind) throw new WireFormatException($"kind {frame[0]}");
        var text = System.Text.Encoding.UTF8.GetString(frame[1..]);
        Received.Enqueue((source, text));
        if (Answer(text) is { } answer) Transport.Send(source, new TextFrame(answer, isAnswer: true));
    }

    public void Lost(SiloAddress peer, Exception reason) => Losses.Enqueue((peer, reason));

    public async ValueTask DisposeAsync()
    {
        await Transport.StopAsync();
        Transport.Dispose();
    }

    Meter IMeterFactory.Create(MeterOptions options) => new(options);

    void IDisposable.Dispose()
    {
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Log.Enqueue($"{eventId.Id} {formatter(state, exception)}");

    /// <summary>A view that does not change, of a process that may always serve unless a test says otherwise.</summary>
    public sealed class FixedMembership(SiloAddress self) : IMembership
    {
        public SiloAddress Self { get; } = self;

        public MembershipView Current { get; } = new(1, []);

        public bool MayServe { get; set; } = true;

        public event Action<MembershipView> Changed
        {
            add { }
            remove { }
        }

        public Task RefreshAsync(long version, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

/// <summary>A frame with a text, which says what has become of it.</summary>
public sealed class TextFrame(string text, bool isAnswer = false) : IOutboundFrame
{
    public const byte Kind = 1;

    public bool IsAnswer => isAnswer;

    public bool IsWritten { get; private set; }

    public Exception? Undelivered { get; private set; }

    public void WriteTo(IBufferWriter<byte> output)
    {
        output.Write([Kind]);
        output.Write(System.Text.Encoding.UTF8.GetBytes(text));
        if (text == "cannot be written") throw new InvalidOperationException(text);
        IsWritten = true;
    }

    public void Undeliverable(Exception reason)
    {
        Assert.Null(Undelivered); // At most once.
        Undelivered = reason;
    }
}
