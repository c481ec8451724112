namespace Mall.Runtime;

/// <summary>A grain in another silo has thrown an exception of a type that this process does not know.</summary>
public sealed class RemoteGrainException : Exception
{
    /// <summary>Names the original type.</summary>
    public RemoteGrainException(string originalType, string message, Exception? innerException) : base(message, innerException) =>
        OriginalType = originalType;

    /// <summary>Unknown.</summary>
    public RemoteGrainException() { }

    /// <summary>Of unknown type.</summary>
    public RemoteGrainException(string message) : base(message) { }

    /// <summary>Of unknown type.</summary>
    public RemoteGrainException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>Full name of the type that was thrown.</summary>
    public string OriginalType { get; } = "";
}
