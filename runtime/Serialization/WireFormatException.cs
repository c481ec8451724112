namespace Mall.Runtime;

/// <summary>
/// Bytes that are not what they should be: cut off, corrupt, or of another type. Nothing has been done with them.
/// </summary>
public sealed class WireFormatException : Exception
{
    /// <summary>Says what is wrong and where.</summary>
    public WireFormatException(string message) : base(message) { }

    /// <summary>Says what is wrong and where.</summary>
    public WireFormatException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>Unknown.</summary>
    public WireFormatException() { }
}
