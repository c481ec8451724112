namespace Mall.Api.Webhooks;

/// <summary>Where operators look after webhooks.</summary>
internal sealed class WebhookDesk(IGrainFactory grains)
{
    public const int MaxUrl = 2048;
    public const int MaxSecret = 256;

    private const int SecretBytes = 32;

    private IWebhookDirectoryGrain Directory => grains.GetGrain<IWebhookDirectoryGrain>(0);

    /// <summary>Makes one; with its secret when that was made here. Refused with 100002 and 100007.</summary>
    public async Task<Result<(WebhookView Webhook, string? Secret)>> Create(
        Caller caller, CreateWebhookInput input, string? key, Patience patience)
    {
        var checks = new FieldChecks();
        var url = checks.Text("url", input.Url, 1, MaxUrl);
        var events = CheckEvents(ref checks, input.Events);
        var given = checks.OptionalText("secret", input.Secret, 1, MaxSecret);
        if (events is null && input.Events is null) checks.Fail("events", "is missing");
        checks.ThrowIfAny();
        var isPrivate = input.AllowPrivate ?? false;
        var idempotency = key.ToIdempotency(
            caller.UserId,
            $"webhook {isPrivate} {string.Join(',', events!.Value)} {IdempotencyKeys.Quote(given)} {IdempotencyKeys.Quote(url)}");
        var secret = given ?? Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SecretBytes));
        var command = new CreateWebhook(url, events!.Value, secret, isPrivate, idempotency);
        var made = await patience.Ask(key is not null, () => Directory.Create(command));
        if (made.IsRefused) return made.Refusal;
        if (given is not null) return (made.Value, null);
        return idempotency is null
            ? (made.Value, secret)
            : (made.Value, await patience.Insist(() => Directory.SecretUnder(idempotency)));
    }

    public async Task<WebhookView> Get(long id, Patience patience) =>
        await patience.Insist(() => grains.GetGrain<IWebhookGrain>(id).Get()) ?? throw NoSuchWebhook(id);

    public Task<ListPage<WebhookView>> List(string? after, int limit, Patience patience)
    {
        var place = Paging.Place(after);
        return patience.Insist(() => Directory.List(place, limit));
    }

    /// <summary>Refused with 100002 for an address that is not allowed.</summary>
    public async Task<Result<WebhookView>> Change(long id, ChangeWebhookInput input, Patience patience)
    {
        var checks = new FieldChecks();
        var url = checks.OptionalText("url", input.Url, 1, MaxUrl);
        var events = CheckEvents(ref checks, input.Events);
        var secret = checks.OptionalText("secret", input.Secret, 1, MaxSecret);
        if (input.Status is not (null or WebhookStatus.Active or WebhookStatus.Paused))
            checks.Fail("status", "must be active or paused");
        checks.ThrowIfAny();
        var command = new ChangeWebhook(url, events, secret, input.AllowPrivate, input.Status);
        return await patience.Insist(() => grains.GetGrain<IWebhookGrain>(id).Change(command)) ?? throw NoSuchWebhook(id);
    }

    public async Task Remove(long id, Patience patience)
    {
        if (!await patience.Once(() => grains.GetGrain<IWebhookGrain>(id).Remove())) throw NoSuchWebhook(id);
    }

    /// <summary>Sends a test event now. Refused with 100007.</summary>
    public async Task<Result<Delivery>> Test(Caller caller, long id, string? key, Patience patience)
    {
        var idempotency = key.ToIdempotency(caller.UserId, $"test webhook {id}");
        // Once, also under a key: beside a call that is under way another would send another event.
        return await patience.Once(() => grains.GetGrain<IWebhookGrain>(id).Test(idempotency)) ?? throw NoSuchWebhook(id);
    }

    private static ImmutableArray<string>? CheckEvents(ref FieldChecks checks, IReadOnlyList<string>? events)
    {
        if (events is null) return null;
        var known = EventTypes.All.Where(type => events.Contains(type)).ToImmutableArray();
        if (events.Count == 0 || events.Count != known.Length)
            checks.Fail("events", $"must be some of {string.Join(", ", EventTypes.All)}, each once");
        return known;
    }

    private static ProblemException NoSuchWebhook(long id) =>
        new(Problem.BadRequest(StatusCodes.Status404NotFound, $"There is no webhook {id}."));
}
