using System.Buffers;

namespace Mall.Runtime;

/// <summary>
/// The transport of a silo that is alone: it reaches that silo and no other. With <see cref="SiloOptions.SerializeLocalCalls"/> every call goes
/// through it, which shows that the call could have gone to another silo.
/// </summary>
public sealed class LoopbackTransport(IMembership membership, IWorkScheduler scheduler) : ITransport
{
    private IFrameReceiver? _receiver;

    /// <inheritdoc/>
    public void Start(IFrameReceiver receiver) => _receiver = receiver;

    /// <inheritdoc/>
    public void Send(SiloAddress destination, IOutboundFrame frame)
    {
        ArgumentNullException.ThrowIfNull(frame);
        if (membership.Self.Equals(destination) && _receiver is not null)
            scheduler.Schedule(new Delivery(_receiver, membership.Self, frame), near: true);
        else
            frame.Undeliverable(new SiloUnavailableException($"This silo is alone and cannot reach {destination}."));
    }

    private sealed class Delivery(IFrameReceiver receiver, SiloAddress self, IOutboundFrame frame) : IThreadPoolWorkItem
    {
        public void Execute()
        {
            var bytes = new ArrayBufferWriter<byte>();
            try
            {
                frame.WriteTo(bytes);
            }
            catch (Exception exception) // A loop's edge: whatever a serializer throws fails this frame alone.
            {
                frame.Undeliverable(exception);
                return;
            }

            receiver.Receive(self, bytes.WrittenSpan);
        }
    }
}
