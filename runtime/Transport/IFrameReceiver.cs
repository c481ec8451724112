namespace Mall.Runtime;

/// <summary>Takes the frames that come in.</summary>
public interface IFrameReceiver
{
    /// <summary>
    /// Takes a frame's content, as it was written; the bytes are the transport's again when this returns. Does not run grain code
    /// and does not block. From any thread; frames of one connection in their order.
    /// </summary>
    /// <exception cref="WireFormatException">
    /// The frame is malformed: the connection that it came from cannot be trusted any more.
    /// </exception>
    void Receive(SiloAddress source, ReadOnlySpan<byte> frame);

    /// <summary>
    /// The connection on which frames went to this silo is gone: whether what was written to it has arrived is unknown, and
    /// nothing will answer it. Frames that have not been written are not meant. Ends before anything is written to the next
    /// connection.
    /// </summary>
    void Lost(SiloAddress peer, Exception reason);
}
