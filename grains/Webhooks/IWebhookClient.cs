namespace Mall.Webhooks;

/// <summary>An event on its way.</summary>
/// <param name="EventId">The same whenever it is sent again.</param>
/// <param name="Timestamp">Of this attempt, which the signature covers.</param>
public sealed record SignedEvent(Uri Url, bool AllowPrivate, string EventId, string Timestamp, string Signature, byte[] Body);

/// <summary>The network, as webhooks need it.</summary>
public interface IWebhookClient
{
    /// <summary>What is wrong with an address, after the field's name; null when nothing is.</summary>
    Task<string?> ComplaintAsync(string url, bool allowPrivate);

    /// <summary>Posts it. What goes wrong on the way is told, not thrown.</summary>
    /// <exception cref="OperationCanceledException">The caller has given up.</exception>
    Task<Delivery> SendAsync(SignedEvent message, CancellationToken cancellationToken);
}
