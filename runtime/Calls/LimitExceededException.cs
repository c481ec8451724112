namespace Mall.Runtime;

/// <summary>
/// A grain has more requests waiting than <see cref="SiloOptions.MailboxLimit"/>, or the way to its silo more than
/// <see cref="ClusterOptions.MaxQueuedFrames"/>. The request has not run and never will: try again later, or tell the client to.
/// </summary>
public sealed class LimitExceededException : Exception
{
    /// <summary>Names the grain and the figures.</summary>
    public LimitExceededException(string message) : base(message) { }

    /// <summary>For the wire.</summary>
    public LimitExceededException() { }

    /// <summary>For the wire.</summary>
    public LimitExceededException(string message, Exception innerException) : base(message, innerException) { }
}
