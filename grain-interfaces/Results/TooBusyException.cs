namespace Mall;

/// <summary>
/// Refused because too much waits already, before anything was written: nothing has happened, and the same request may be
/// repeated a moment later. Grains throw it in place of their store's own exception.
/// </summary>
[GenerateSerializer, Alias("mall.TooBusy")]
public sealed class TooBusyException : Exception
{
    public TooBusyException() : base("Too many requests wait already; nothing has happened.") { }

    public TooBusyException(string message) : base(message) { }

    public TooBusyException(string message, Exception innerException) : base(message, innerException) { }
}
