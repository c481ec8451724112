using Mall.Hosting;
using Mall.Signing;
using Microsoft.Extensions.Hosting;

namespace Mall.Webhooks;

/// <summary>
/// Delivers events to one address, in their order and one at a time: that there is one activation of it, and that due work wakes
/// it, is all that keeps others away. Should there be two, an event arrives twice, and the second finds its place in the row
/// taken. It waits for nobody but this one receiver. All calls interleave, since none has to wait for a receiver that is slow:
/// there is one run at a time, and everything else is in the row.
/// </summary>
[Reentrant]
public sealed partial class WebhookGrain(
    GrainLedger ledger, LedgerClock clock, IWebhookClient client, Jitter jitter, IHostApplicationLifetime lifetime,
    ILogger<WebhookGrain> log) : Grain, IWebhookGrain, IDisposable
{
    private const int EventsAPage = 100;

    /// <summary>How long the row is left to a run that is under way: as long as it stays with whoever claimed it.</summary>
    private static readonly TimeSpan s_lease = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan s_firstBackoff = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestBackoff = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_parkAfter = TimeSpan.FromDays(1);

    private readonly CancellationTokenSource _leaving = new();

    private Task _run = Task.CompletedTask;

    private Visits Visits => field ??= new Visits(DeactivateOnIdle);

    private long Id => this.GetPrimaryKeyLong();

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _leaving.Cancel(); // CancelAsync would go through the thread pool, past a simulation.
        await _run.WaitAsync(cancellationToken);
    }

    public void Dispose() => _leaving.Dispose();

    public async Task<WebhookView?> Get() =>
        await FindAsync() is { } hook ? hook.View(await ledger.LagOfAsync(hook)) : null;

    public async Task<Result<WebhookView>?> Change(ChangeWebhook command)
    {
        using var visit = Visits.Enter();
        while (true)
        {
            if (await FindAsync() is not { } hook) return null;
            if (await ChangeAsync(hook, command) is { } answer) return answer;
        }
    }

    /// <summary>Null: somebody has changed it beside this.</summary>
    private async Task<Result<WebhookView>?> ChangeAsync(WebhookRow hook, ChangeWebhook command)
    {
        var changed = hook with
        {
            Url = command.Url ?? hook.Url,
            Events = command.Events ?? hook.Events,
            Secret = command.Secret ?? hook.Secret,
            AllowPrivate = command.AllowPrivate ?? hook.AllowPrivate,
            Status = command.Status ?? hook.Status,
        };
        if (await client.ComplaintAsync(changed.Url, changed.AllowPrivate) is { } complaint)
            return Result.BadField("url", complaint);

        // Whoever sets it active, or leads it elsewhere, says that it is worth another try: its failures begin anew.
        if (command.Status == WebhookStatus.Active || command.Url is not null)
            changed = changed with { Failures = 0, LastError = null, FailingSince = null };
        if (await ledger.CommitAsync(new WriteSet(WebhookRows.Change(hook, changed, clock.GetUtcNow()))) != CommitOutcome.Applied)
            return null;
        return changed.View(await ledger.LagOfAsync(changed));
    }

    public async Task<bool> Remove() =>
        await ledger.CommitAsync(new WriteSet(WebhookRows.Delete(Id))) == CommitOutcome.Applied;

    public async Task<Result<Delivery>?> Test(Idempotency? idempotency)
    {
        using var visit = Visits.Enter();
        return await ledger.AnswerOnceAsync(
            idempotency, "webhook-test", Id, clock, WebhookJson.Default.Delivery,
            async () => await FindAsync() is { } hook ? await TestAsync(hook) : null);
    }

    private async Task<Result<Delivery>> TestAsync(WebhookRow hook)
    {
        var now = clock.GetUtcNow();
        var test = new MallEvent(0, "webhook.test", "", now, "{}");
        try
        {
            return await SendAsync(hook, test, $"test-{now.ToUnixTimeMilliseconds()}");
        }
        catch (OperationCanceledException) when (_leaving.IsCancellationRequested)
        {
            throw new StaleActivationException($"The test of webhook {Id} was cut short: this silo stops.");
        }
    }

    public Task Deliver()
    {
        if (_run.IsCompleted) _run = RunAsync();
        return Task.CompletedTask;
    }

    /// <summary>Never throws.</summary>
    private async Task RunAsync()
    {
        using var visit = Visits.Enter();
        try
        {
            using var _ = lifetime.ApplicationStopping.UnsafeRegister(
                static leaving => ((CancellationTokenSource)leaving!).Cancel(), _leaving);
            while (!_leaving.IsCancellationRequested && await DeliverPageAsync())
            {
            }
        }
        catch (OperationCanceledException) when (_leaving.IsCancellationRequested)
        {
            // What is under way is not known to have arrived: whoever comes next sends it again.
        }
        catch (Exception failure) // The edge of the run: due work begins another.
        {
            LogStopped(log, failure, Id);
        }
    }

    /// <summary>Delivers a page of events and notes how far it came. True when there are more.</summary>
    private async Task<bool> DeliverPageAsync()
    {
        if (await FindAsync() is not { Status: WebhookStatus.Active } hook) return false;
        var page = await ledger.ReadAsync(hook.Seen, EventsAPage);
        var (reached, noted) = (hook, clock.GetTimestamp());
        foreach (var happened in page.Items)
        {
            if (hook.Events.Contains(happened.Type))
            {
                if ((await SendAsync(hook, happened, null)).Error is { } error)
                {
                    await FailAsync(hook, reached, error);
                    return false;
                }

                reached = reached with { Seen = happened.Id, Failures = 0, LastError = null, FailingSince = null };
                if (clock.GetElapsedTime(noted) < s_lease / 10) continue;
                if (!await NoteAsync(hook, reached, s_lease)) return false;
                (hook, noted) = (reached, clock.GetTimestamp());
            }
            else
            {
                reached = reached with { Seen = happened.Id };
            }
        }

        // At the end of what is settled there is nothing left of its position.
        if (!page.IsMore && !page.Items.IsEmpty)
            reached = reached with { Seen = OutboxLog.EndOf(OutboxLog.PositionOf(page.Cursor)) };
        return await NoteAsync(hook, reached, page.IsMore ? s_lease : TimeSpan.Zero) && page.IsMore;
    }

    private async Task FailAsync(WebhookRow hook, WebhookRow reached, string error)
    {
        var now = clock.GetUtcNow();
        var since = reached.FailingSince ?? now;
        var isParked = now - since >= s_parkAfter;
        var failures = reached.Failures + 1;
        if (isParked) LogParked(log, Id, failures, error);
        else if (failures == 1) LogFailed(log, Id, error);
        await NoteAsync(
            hook,
            reached with
            {
                Failures = failures, LastError = error, FailingSince = since,
                Status = isParked ? WebhookStatus.Parked : WebhookStatus.Active,
            },
            jitter.Spread(Backoff.After(failures, s_firstBackoff, s_longestBackoff)));
    }

    private async Task<bool> NoteAsync(WebhookRow from, WebhookRow to, TimeSpan next)
    {
        var now = clock.GetUtcNow();
        return await ledger.CommitAsync(new WriteSet(WebhookRows.Deliver(from, to, now + next, now))) == CommitOutcome.Applied;
    }

    private async Task<Delivery> SendAsync(WebhookRow hook, MallEvent happened, string? name)
    {
        DelayDeactivation(s_lease); // While it goes well nobody calls this activation, and it would pass for idle.
        using var trace = LaterTraces.Begin("webhook", happened.TraceParent, happened.Subject);
        var body = happened.ToJson();
        var timestamp = Signatures.Timestamp(clock.GetUtcNow());
        var signature = Signatures.Sign(hook.Secret, timestamp, body);
        var id = name ?? happened.Id.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return await client.SendAsync(
            new SignedEvent(new Uri(hook.Url), hook.AllowPrivate, id, timestamp, signature, body), _leaving.Token);
    }

    private Task<WebhookRow?> FindAsync() => ledger.FindAsync(WebhookRows.ById, Id);

    [LoggerMessage(3301, LogLevel.Warning, "Webhook {Id} fails: {Error}; it is tried again, for a day")]
    private static partial void LogFailed(ILogger log, long id, string error);

    [LoggerMessage(3302, LogLevel.Error, "Webhook {Id} is parked after a day and {Failures} failures: {Error}")]
    private static partial void LogParked(ILogger log, long id, long failures, string error);

    [LoggerMessage(3303, LogLevel.Warning, "The delivery to webhook {Id} was given up; due work takes it up again")]
    private static partial void LogStopped(ILogger log, Exception failure, long id);
}

/// <summary>Wakes webhooks that are behind the events. Idempotent: one that is at it already shrugs.</summary>
public sealed class WebhookDueHandler(IGrainFactory grains) : IDueHandler
{
    public string Kind => WebhookRows.Due.Kind;

    public Task HandleAsync(DueItem item, CancellationToken cancellationToken) => grains
        .GetGrain<IWebhookGrain>(long.Parse(item.Key, System.Globalization.CultureInfo.InvariantCulture)).Deliver();
}

/// <summary>How answers are kept for those who repeat a request.</summary>
[JsonSerializable(typeof(Delivery))]
[JsonSerializable(typeof(MadeWebhook))]
internal sealed partial class WebhookJson : JsonSerializerContext;
