namespace Mall;

/// <summary>
/// The database did not answer, or its answer was lost: whether the request took effect is unknown. Grains throw it in place of
/// their store's own exceptions, which the front door cannot see; a caller repeats the request under the same key.
/// Nothing but type and message travels between silos.
/// </summary>
public sealed class StorageUnavailableException : Exception
{
    public StorageUnavailableException() : base("The database is unavailable; the outcome is unknown.") { }

    public StorageUnavailableException(string message) : base(message) { }

    public StorageUnavailableException(string message, Exception innerException) : base(message, innerException) { }
}
