namespace Mall.Runtime;

/// <summary>Why a process does not want another's connection. The numbers are on the wire.</summary>
public enum Refusal
{
    /// <summary>It does not refuse.</summary>
    None = 0,

    /// <summary>They speak different versions of the protocol.</summary>
    Version = 1,

    /// <summary>They belong to different clusters.</summary>
    Cluster = 2,

    /// <summary>The other does not know the cluster's secret.</summary>
    Secret = 3,

    /// <summary>Another process listens there by now: the one that was meant is gone.</summary>
    OtherIncarnation = 4,

    /// <summary>It does not serve at the moment: it stops, or has lost its lease.</summary>
    NotServing = 5,

    /// <summary>What was said is no handshake.</summary>
    Malformed = 6,

    /// <summary>One of them has no certificate, or another one than the other.</summary>
    Certificate = 7,
}
