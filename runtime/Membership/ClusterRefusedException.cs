namespace Mall.Runtime;

/// <summary>The silos of the cluster will not have this process: another secret, cluster id or protocol version. The start fails with it.</summary>
public sealed class ClusterRefusedException : Exception
{
    /// <summary>Says why.</summary>
    public ClusterRefusedException(string message) : base(message) { }

    /// <summary>Says why.</summary>
    public ClusterRefusedException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>Unknown why.</summary>
    public ClusterRefusedException() { }
}
