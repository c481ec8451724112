namespace Mall.Api.Webhooks;

/// <summary>What an operator says of a new webhook.</summary>
/// <param name="Url">Absolute, http or https, at most 2,048 characters.</param>
/// <param name="Events">The types of events that it gets; one at least.</param>
/// <param name="Secret">The key that deliveries are signed with, 1 to 256 characters; absent: one is made and shown once.</param>
/// <param name="AllowPrivate">Whether it may lead to private and loopback addresses; absent: no.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record CreateWebhookInput(
    [property: Length(1, WebhookDesk.MaxUrl)] string? Url,
    IReadOnlyList<string>? Events,
    [property: Length(1, WebhookDesk.MaxSecret)] string? Secret = null,
    bool? AllowPrivate = null);

/// <summary>What to change of a webhook: an absent field stays as it is.</summary>
/// <param name="Events">The types of events that it gets from now on.</param>
/// <param name="Status">active or paused; active also sets one going again that was parked.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ChangeWebhookInput(
    [property: Length(1, WebhookDesk.MaxUrl)] string? Url = null,
    IReadOnlyList<string>? Events = null,
    [property: Length(1, WebhookDesk.MaxSecret)] string? Secret = null,
    bool? AllowPrivate = null,
    string? Status = null);
