namespace Mall.Runtime;

/// <summary>
/// This process cannot become part of the cluster, and trying again will not help: it cannot listen at its address, or the silos
/// that are there will not have it. The start fails with it; the message is one line for whoever started it.
/// </summary>
public sealed class ClusterStartException : Exception
{
    /// <summary>Refused by the others.</summary>
    public ClusterStartException(Refusal refusal, string message) : base(message) => Refusal = refusal;

    /// <summary>Says why.</summary>
    public ClusterStartException(string message) : base(message) { }

    /// <summary>Says why.</summary>
    public ClusterStartException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>Unknown why.</summary>
    public ClusterStartException() { }

    /// <summary>What the others have against this process; <see cref="Refusal.None"/> when it is not they who refuse.</summary>
    public Refusal Refusal { get; }
}
