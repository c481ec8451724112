namespace Mall.Runtime;

/// <summary>Finds out whether other silos live, by what the transport sees of them.</summary>
public interface IProber
{
    /// <summary>
    /// Looks whether this silo lives: connects when there is no connection, and never takes much longer than
    /// <see cref="ClusterOptions.ConnectTimeout"/>. Never throws.
    /// </summary>
    Task<ProbeAnswer> ProbeAsync(SiloAddress silo);

    /// <summary>
    /// Looks whether this silo could be reached, by a connection that is made for that and ended: also from a silo that may not
    /// serve. Takes no longer than <see cref="ClusterOptions.ConnectTimeout"/>. Never throws.
    /// </summary>
    Task<ProbeAnswer> ReachAsync(SiloAddress silo);

    /// <summary>
    /// A connection to this silo is lost: worth a probe at once. Raised on any thread, and again for each connection.
    /// </summary>
    event Action<SiloAddress> PeerLost;
}

/// <summary>What a probe has found.</summary>
/// <param name="Finding">For code.</param>
/// <param name="Reason">For people.</param>
public sealed record ProbeAnswer(ProbeFinding Finding, string Reason)
{
    /// <summary>What it has against this process, when it refuses.</summary>
    public Refusal Refusal { get; init; }
}

/// <summary>What a probe can find.</summary>
public enum ProbeFinding
{
    /// <summary>It answers.</summary>
    Alive,

    /// <summary>Its machine says that nobody listens there, or somebody else does: that process is gone.</summary>
    Gone,

    /// <summary>No answer. It may live, and be cut off, stopped or slow.</summary>
    Silent,

    /// <summary>It lives, and will never talk to this process: another secret, cluster or protocol version.</summary>
    Misfit,
}
