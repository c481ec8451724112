namespace Mall;

/// <summary>
/// The database did not answer, or its answer was lost. Grains throw it in place of their store's own exceptions, which a front
/// door does not know; a caller repeats the request under the same key.
/// </summary>
[GenerateSerializer, Alias("mall.StorageUnavailable")]
public sealed class StorageUnavailableException : Exception
{
    public StorageUnavailableException() : this("The database is unavailable; the outcome is unknown.") { }

    public StorageUnavailableException(string message) : base(message) { }

    public StorageUnavailableException(string message, Exception innerException) : base(message, innerException) { }

    /// <summary>True: surely nothing was written. False: it may have been, and what a grain remembers may be wrong.</summary>
    [Id(0)]
    public bool NothingHappened { get; init; }
}
