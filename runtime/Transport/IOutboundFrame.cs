using System.Buffers;

namespace Mall.Runtime;

/// <summary>
/// Something to send. The transport asks for the bytes when it writes them, on its own thread and straight into its buffer; what
/// is sent is immutable, so it does not matter when.
/// </summary>
public interface IOutboundFrame
{
    /// <summary>
    /// Whether this answers a frame that came in. An answer goes back on the connection that brought the question, and is not
    /// refused when a queue is full: a peer that does not take its answers is cut off instead.
    /// </summary>
    bool IsAnswer { get; }

    /// <summary>
    /// Writes the frame's content; the transport adds its length. What it throws means that the frame cannot be written: the
    /// transport takes back what it has written of it, calls <see cref="Undeliverable"/>, and goes on with the next one. Called
    /// at most once; afterwards nobody knows whether the frame arrives.
    /// </summary>
    void WriteTo(IBufferWriter<byte> output);

    /// <summary>
    /// No byte of the frame has left, and none will: with a <see cref="SiloUnavailableException"/> because there is no way to the
    /// destination, with a <see cref="LimitExceededException"/> because too many wait already, or with what <see cref="WriteTo"/>
    /// has thrown. Called at most once, from any thread, perhaps inside <see cref="ITransport.Send"/>.
    /// </summary>
    void Undeliverable(Exception reason);
}
