namespace Mall.Api.Webhooks;

/// <summary>A webhook, as REST shows it to operators.</summary>
/// <param name="Url">Where its events are posted to.</param>
/// <param name="Events">The types of events that it gets.</param>
/// <param name="AllowPrivate">Whether it may lead to private and loopback addresses.</param>
/// <param name="Status">active, paused (by an operator), or parked: after a day of failures.</param>
/// <param name="Failures">Deliveries that have failed since the last that did not.</param>
/// <param name="LastError">Of the last of them.</param>
/// <param name="Lag">What of the next 10,000 events waits for its delivery.</param>
/// <param name="Secret">Once, when it was made here.</param>
internal sealed record WebhookAnswer(
    long Id, string Url, IReadOnlyList<string> Events, bool AllowPrivate, string Status, long Failures, string? LastError,
    long Lag, string? Secret)
{
    public static WebhookAnswer Of(WebhookView webhook) => Of(webhook, null);

    public static WebhookAnswer Of(WebhookView webhook, string? secret) => new(
        webhook.Id, webhook.Url, webhook.Events, webhook.AllowPrivate, webhook.Status, webhook.Failures, webhook.LastError,
        webhook.Lag, secret);
}

/// <summary>What came of a test.</summary>
/// <param name="Delivered">Whether it was answered with a status from 200 to 299.</param>
/// <param name="Status">The status that was answered, if any was.</param>
/// <param name="Error">Why it counts as failed.</param>
internal sealed record DeliveryAnswer(bool Delivered, int? Status, string? Error);

/// <inheritdoc cref="Orders.OrderPageAnswer"/>
internal sealed record WebhookPageAnswer(
    IReadOnlyList<WebhookAnswer> Items, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Next, string Cursor)
{
    public static WebhookPageAnswer Of(ListPage<WebhookView> page) =>
        new([.. page.Items.Select(WebhookAnswer.Of)], page.Next?.ToString(), page.Cursor.ToString());
}

/// <summary>REST: webhooks, for operators.</summary>
internal static class WebhookEndpoints
{
    public static void MapWebhooks(this IEndpointRouteBuilder routes)
    {
        var webhooks = routes.MapGroup("/v1/webhooks").WithTags("Webhooks").RequireAuthorization(Policies.Operator);
        webhooks.MapPost("", Create).Refuses(ErrorCodes.KeyReused);
        webhooks.MapGet("", List);
        webhooks.MapGet("/{id}", Get);
        webhooks.MapPatch("/{id}", Change);
        webhooks.MapDelete("/{id}", Remove);
        webhooks.MapPost("/{id}/test", Test).Refuses(ErrorCodes.KeyReused);
    }

    /// <summary>Have events delivered</summary>
    /// <remarks>
    /// What happens from now on is posted to the address as it stands in the list of events, at least once and in order, signed:
    /// X-Signature is sha256= and the hex HMAC-SHA256, under the secret, of X-Timestamp (Unix seconds), a dot and the body.
    /// X-Event-Id is the same whenever an event is sent again. Any status from 200 to 299 takes it; redirects are not followed.
    /// </remarks>
    /// <param name="body" example='{"url": "https://example.com/mall", "events": ["order.paid"]}'>The webhook.</param>
    /// <response code="201">Made.</response>
    internal static async Task<Created<WebhookAnswer>> Create(
        Caller caller, [IdempotencyKey] string? key, Body<CreateWebhookInput> body, WebhookDesk desk, Patience patience)
    {
        var made = await desk.Create(caller, body.Value, key, patience);
        return new(made.As(m => WebhookAnswer.Of(m.Webhook, m.Secret)), webhook => $"/v1/webhooks/{webhook.Id}");
    }

    /// <summary>List webhooks</summary>
    /// <remarks>In the order in which they were made.</remarks>
    /// <param name="after">The next or the cursor of a page before; absent for the first page.</param>
    /// <param name="limit">How many.</param>
    /// <response code="200">A page.</response>
    internal static async Task<Ok<WebhookPageAnswer>> List(
        WebhookDesk desk, Patience patience, string? after, [Range(1, Paging.MaxLimit)] int limit = Paging.DefaultLimit) =>
        new(WebhookPageAnswer.Of(await desk.List(after, limit, patience)));

    /// <summary>Look at a webhook</summary>
    /// <param name="id">The webhook.</param>
    /// <response code="200">The webhook.</response>
    internal static async Task<Ok<WebhookAnswer>> Get(long id, WebhookDesk desk, Patience patience) =>
        new(WebhookAnswer.Of(await desk.Get(id, patience)));

    /// <summary>Change a webhook</summary>
    /// <remarks>An absent field stays as it is. One that was parked goes on where it stood when it is set active.</remarks>
    /// <param name="id">The webhook.</param>
    /// <param name="body" example='{"status": "active"}'>What to change.</param>
    /// <response code="200">The webhook after it.</response>
    internal static async Task<Ok<WebhookAnswer>> Change(
        long id, Body<ChangeWebhookInput> body, WebhookDesk desk, Patience patience) =>
        (await desk.Change(id, body.Value, patience)).As(WebhookAnswer.Of);

    /// <summary>Remove a webhook</summary>
    /// <param name="id">The webhook.</param>
    /// <response code="204">Removed.</response>
    internal static async Task<NoContent> Remove(long id, WebhookDesk desk, Patience patience)
    {
        await desk.Remove(id, patience);
        return new(null);
    }

    /// <summary>Try a webhook</summary>
    /// <remarks>Posts an event of type webhook.test now, once, whatever its status, and tells what came of it.</remarks>
    /// <param name="id">The webhook.</param>
    /// <response code="200">What came of it.</response>
    internal static async Task<Ok<DeliveryAnswer>> Test(
        Caller caller, long id, [IdempotencyKey] string? key, WebhookDesk desk, Patience patience) =>
        (await desk.Test(caller, id, key, patience))
            .As(delivery => new DeliveryAnswer(delivery.Error is null, delivery.Status, delivery.Error));
}
