namespace Mall.Runtime;

/// <summary>Two processes have not come to terms about a connection.</summary>
public sealed class HandshakeException : IOException
{
    /// <summary>Says why, for people.</summary>
    public HandshakeException(Refusal refusal, string message) : base(message) => Refusal = refusal;

    /// <summary>Malformed.</summary>
    public HandshakeException() => Refusal = Refusal.Malformed;

    /// <summary>Malformed.</summary>
    public HandshakeException(string message) : base(message) => Refusal = Refusal.Malformed;

    /// <summary>Malformed.</summary>
    public HandshakeException(string message, Exception innerException) : base(message, innerException) =>
        Refusal = Refusal.Malformed;

    /// <summary>Why, for code.</summary>
    public Refusal Refusal { get; }

    /// <summary>
    /// Whether these two will never come to terms, however often they try: somebody must change the configuration.
    /// </summary>
    public bool IsPermanent => Refusal is Refusal.Version or Refusal.Cluster or Refusal.Secret or Refusal.Certificate;
}
