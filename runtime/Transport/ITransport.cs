namespace Mall.Runtime;

/// <summary>
/// Carries frames between silos, and from clients to silos. Frames may get lost, but not torn, doubled or reordered between two
/// processes.
/// </summary>
public interface ITransport
{
    /// <summary>Names who takes the frames that come in, and begins to listen. Called once, before anything is sent.</summary>
    /// <exception cref="ClusterStartException">It cannot listen where it should; the message says where and why.</exception>
    void Start(IFrameReceiver receiver);

    /// <summary>
    /// Queues a frame. Never blocks: a destination that does not keep up makes frames <see cref="IOutboundFrame.Undeliverable"/>.
    /// </summary>
    void Send(SiloAddress destination, IOutboundFrame frame);

    /// <summary>
    /// Whether this process has tried lately to talk to a destination and got no answer. Not whether it is worth
    /// trying: it may be back.
    /// </summary>
    bool IsOutOfReach(SiloAddress destination) => false;

    /// <summary>
    /// Ends all connections at once, because this silo has lost its place in the cluster: those who wait for its answers should
    /// not. New ones may be made afterwards.
    /// </summary>
    void CutOff(Exception reason)
    {
    }

    /// <summary>
    /// Ends when all who are connected to this process have said that they know a view, or when that takes too long. What they
    /// send from then on, they send by that view or a later one.
    /// </summary>
    Task UntilKnownAsync(long version, TimeSpan limit) => Task.CompletedTask;

    /// <summary>Writes out what is queued, as far as that is quick, and ends all connections.</summary>
    Task StopAsync() => Task.CompletedTask;
}
