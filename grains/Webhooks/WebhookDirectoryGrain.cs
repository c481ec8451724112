using System.Text.Json;

namespace Mall.Webhooks;

/// <summary>Makes and lists webhooks; any number of callers at once. Reentrant: it keeps nothing between its awaits.</summary>
[StatelessWorker, Reentrant]
public sealed class WebhookDirectoryGrain(GrainLedger ledger, LedgerClock clock, IWebhookClient client)
    : Grain, IWebhookDirectoryGrain
{
    public async Task<Result<WebhookView>> Create(CreateWebhook command)
    {
        if (await AnswerBeforeAsync(command.Idempotency) is { } before) return before;
        if (await client.ComplaintAsync(command.Url, command.AllowPrivate) is { } complaint)
            return Result.BadField("url", complaint);
        var (id, now) = (await ledger.NextIdAsync("webhooks"), clock.GetUtcNow());
        var hook = new WebhookRow(
            id, command.Url, command.Events, command.Secret, command.AllowPrivate, WebhookStatus.Active, await ledger.EndAsync());
        var answer = command.Idempotency is null
            ? null
            : JsonSerializer.Serialize(new MadeWebhook(hook.View(lag: 0), command.Secret), WebhookJson.Default.MadeWebhook);
        var outcome = await ledger.CommitAsync(IdempotencyRows.Under(
            command.Idempotency, "webhook", id, now, answer, WebhookRows.Insert(hook, now)));
        return outcome == CommitOutcome.Applied
            ? hook.View(lag: 0)
            : await AnswerBeforeAsync(command.Idempotency) ?? IdempotencyRows.Reused;
    }

    public async Task<ListPage<WebhookView>> List(ListPlace? after, int limit)
    {
        var place = after ?? ListPlace.Beginning;
        var settled = await ledger.SettledAsync();
        var rows = await ledger.QueryAsync(WebhookRows.Page, place.Position, place.Id, settled, limit + 1);
        var lags = await Task.WhenAll(rows.Select(ledger.LagOfAsync));
        return ListPages.Of(
            [.. rows.Zip(lags)], limit, place, row => row.First.View(row.Second),
            row => new ListPlace(row.First.Position, row.First.Id));
    }

    public async Task<string?> SecretUnder(Idempotency idempotency) =>
        (await ledger.AnswerUnderAsync(idempotency, MadeWebhook.Read))?.Value?.Secret;

    private Task<Result<WebhookView>?> AnswerBeforeAsync(Idempotency? key) =>
        ledger.AnswerUnderAsync(key, used => MadeWebhook.Read(used).View);
}

/// <summary>What a request has made, for whoever repeats it.</summary>
internal sealed record MadeWebhook(WebhookView View, string Secret)
{
    public static MadeWebhook Read(IdempotencyRecord used) =>
        JsonSerializer.Deserialize(used.Answer, WebhookJson.Default.MadeWebhook)!;
}
