namespace Mall.Runtime;

/// <summary>Carries frames between silos. Frames may get lost, but not torn, doubled or reordered between two silos.</summary>
public interface ITransport
{
    /// <summary>Names who takes the frames that come in. Called once, before anything is sent.</summary>
    void Start(IFrameReceiver receiver);

    /// <summary>
    /// Queues a frame. Never blocks: a destination that does not keep up makes frames <see cref="IOutboundFrame.Undeliverable"/>.
    /// </summary>
    void Send(SiloAddress destination, IOutboundFrame frame);
}
