using System.Buffers;
using System.Collections.Concurrent;

namespace Mall.Runtime;

/// <summary>
/// The transport of a silo that is alone: it reaches that silo and no other. With <see cref="SiloOptions.SerializeLocalCalls"/>
/// every call goes through it, which shows that the call could have gone to another silo.
/// </summary>
public sealed class LoopbackTransport(IMembership membership, IWorkScheduler scheduler) : ITransport, IThreadPoolWorkItem
{
    private readonly ConcurrentQueue<IOutboundFrame> _frames = new();
    private readonly ArrayBufferWriter<byte> _buffer = new();
    private IFrameReceiver? _receiver;

    /// <summary>
    /// Frames that are queued or being delivered. Who takes it from 0 schedules the delivery, which so has one thread at a time.
    /// </summary>
    private int _open;

    /// <inheritdoc/>
    public void Start(IFrameReceiver receiver) => _receiver = receiver;

    /// <inheritdoc/>
    public void Send(SiloAddress destination, IOutboundFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        if (!membership.Self.Equals(destination) || _receiver is null)
        {
            frame.Undeliverable(new SiloUnavailableException($"This silo is alone and cannot reach {destination}."));
            return;
        }

        _frames.Enqueue(frame);
        if (Interlocked.Increment(ref _open) == 1) scheduler.Schedule(this, near: true);
    }

    /// <summary>Delivers one frame, and comes back for the next.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        if (_frames.TryDequeue(out var frame)) Deliver(frame);
        if (Interlocked.Decrement(ref _open) > 0) scheduler.Schedule(this, near: true);
    }

    private void Deliver(IOutboundFrame frame)
    {
        _buffer.ResetWrittenCount();
        try
        {
            frame.WriteTo(_buffer);
        }
        catch (Exception exception) // A loop's edge: whatever a serializer throws fails this frame alone.
        {
            frame.Undeliverable(exception);
            return;
        }

        _receiver!.Receive(membership.Self, _buffer.WrittenSpan);
    }
}
