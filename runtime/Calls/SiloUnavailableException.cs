namespace Mall.Runtime;

/// <summary>The silo that should run the request has stopped, is stopping, or cannot be reached. Whether a request that was under
/// way has had its effect is unknown.</summary>
public sealed class SiloUnavailableException : Exception
{
    /// <summary>Says which silo and why.</summary>
    public SiloUnavailableException(string message) : base(message) { }

    /// <summary>For the wire.</summary>
    public SiloUnavailableException() { }

    /// <summary>For the wire.</summary>
    public SiloUnavailableException(string message, Exception innerException) : base(message, innerException) { }
}
