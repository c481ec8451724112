using System.Buffers;

namespace Mall.Runtime;

/// <summary>
/// Something to send. The transport asks for the bytes when it writes them, on its own thread and straight into its buffer; what
/// is sent is immutable, so it does not matter when.
/// </summary>
public interface IOutboundFrame
{
    /// <summary>
    /// Writes the frame's content; the transport adds its length. What it throws means that the frame cannot be written: the
    /// transport takes back what it has written of it, calls <see cref="Undeliverable"/>, and goes on with the next one.
    /// </summary>
    void WriteTo(IBufferWriter<byte> output);

    /// <summary>The frame has not been sent, or nobody knows whether it has arrived. Called at most once.</summary>
    void Undeliverable(Exception reason);
}
