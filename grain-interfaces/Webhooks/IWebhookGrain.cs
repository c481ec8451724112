namespace Mall.Webhooks;

/// <summary>What a webhook is made of.</summary>
/// <param name="Events">Types of <see cref="Events.EventTypes"/>.</param>
/// <param name="AllowPrivate">Whether it may lead to private and loopback addresses.</param>
[GenerateSerializer, Immutable, Alias("mall.CreateWebhook")]
public sealed record CreateWebhook(
    string Url, ImmutableArray<string> Events, string Secret, bool AllowPrivate, Idempotency? Idempotency);

/// <summary>What to change; null stays as it is.</summary>
/// <param name="Status">active or paused.</param>
[GenerateSerializer, Immutable, Alias("mall.ChangeWebhook")]
public sealed record ChangeWebhook(
    string? Url, ImmutableArray<string>? Events, string? Secret, bool? AllowPrivate, string? Status);

/// <summary>A webhook as it is.</summary>
/// <param name="Status">One of <see cref="WebhookStatus"/>.</param>
/// <param name="Failures">Deliveries that failed since the last that did not.</param>
/// <param name="LastError">Of the last of them.</param>
/// <param name="Lag">What of the next 10,000 events waits for its delivery.</param>
[GenerateSerializer, Immutable, Alias("mall.WebhookView")]
public sealed record WebhookView(
    long Id, string Url, ImmutableArray<string> Events, bool AllowPrivate, string Status, long Failures, string? LastError,
    long Lag);

/// <summary>What came of one delivery.</summary>
/// <param name="Status">The HTTP status that was answered, if any was.</param>
/// <param name="Error">Why it counts as failed; null when it was delivered.</param>
[GenerateSerializer, Immutable, Alias("mall.Delivery")]
public sealed record Delivery(int? Status, string? Error);

public static class WebhookStatus
{
    public const string Active = "active";

    /// <summary>By an operator.</summary>
    public const string Paused = "paused";

    /// <summary>After a day of failures: an operator has to set it active again.</summary>
    public const string Parked = "parked";
}

/// <summary>One webhook. The key is its id. Answers null where there is none.</summary>
[Alias("mall.IWebhookGrain")]
public interface IWebhookGrain : IGrainWithIntegerKey
{
    [Alias("Get")]
    Task<WebhookView?> Get();

    /// <summary>Refused with 100002 for an address that is not allowed.</summary>
    [Alias("Change")]
    Task<Result<WebhookView>?> Change(ChangeWebhook command);

    /// <summary>False when there is none.</summary>
    [Alias("Remove")]
    Task<bool> Remove();

    /// <summary>Delivers an event of type <c>webhook.test</c> now, once. Repeatable under a key.</summary>
    [Alias("Test")]
    Task<Result<Delivery>?> Test(Idempotency? idempotency);

    /// <summary>Begins to deliver what waits, unless it is at it already. For due work.</summary>
    [Alias("Deliver")]
    Task Deliver();
}

/// <summary>Makes and lists webhooks. Key 0.</summary>
[Alias("mall.IWebhookDirectoryGrain")]
public interface IWebhookDirectoryGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Refused with 100002 for an address that is not allowed, with 100007 when the key was used for something else. It gets what
    /// happens from then on.
    /// </summary>
    [Alias("Create")]
    Task<Result<WebhookView>> Create(CreateWebhook command);

    [Alias("List"), ReadOnly]
    Task<ListPage<WebhookView>> List(ListPlace? after, int limit);

    /// <summary>The secret that was made for whoever repeats the request; null when the key has made none.</summary>
    [Alias("SecretUnder"), ReadOnly]
    Task<string?> SecretUnder(Idempotency idempotency);
}
