using Mall.Tests.Hosting;
using Mall.Webhooks;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.Events;

/// <summary>Those who look after a webhook and those who deliver to it are not in each other's way.</summary>
public sealed class WebhookGrainTests
{
    [Fact]
    public async Task A_change_leaves_what_a_delivery_beside_it_has_cleared()
    {
        var network = new Network();
        await using var mall = await OpenAsync(network);
        var hook = await CreateAsync(mall, "order.paid");
        await mall.ChangeAsync("update webhooks set failures = 9, last_error = 'It was answered with 500.', failing_since = 1");
        network.Complaining = () =>
            mall.ChangeAsync("update webhooks set failures = 0, last_error = null, failing_since = null");

        var changed = await hook.Change(new ChangeWebhook(null, ["order.placed"], null, null, null));

        Assert.Equal((0, null), (changed?.Value?.Failures, changed?.Value?.LastError));
        Assert.Equal(
            ["order.placed 0 null null"],
            await mall.SqlAsync("select events, failures, last_error, failing_since from webhooks"));
    }

    [Fact]
    public async Task A_delivery_that_fails_does_not_bring_back_failures_that_were_cleared_beside_it()
    {
        var network = new Network { Error = "It was answered with 500." };
        await using var mall = await OpenAsync(network);
        var hook = await CreateAsync(mall, "user.registered");
        await mall.ChangeAsync("update webhooks set failures = 9, last_error = 'It was answered with 500.', failing_since = 1");
        await mall.RegisterAsync();
        await hook.Deliver();
        await network.AskedAsync(1);

        await hook.Change(new ChangeWebhook(null, null, null, null, WebhookStatus.Active));
        network.Answer();

        await mall.UntilSqlSaysAsync(["active 1"], "select status, failures from webhooks where failures > 0");
    }

    [Fact]
    public async Task A_test_that_waits_for_the_receiver_keeps_nobody_else_waiting()
    {
        var network = new Network();
        await using var mall = await OpenAsync(network);
        var hook = await CreateAsync(mall, "order.paid");
        await mall.ChangeAsync("update webhooks set status = 'paused'"); // A run ends at once.
        var testing = hook.Test(null);
        await network.AskedAsync(1);

        await hook.Deliver();
        for (var i = 0; i < 5; i++) Assert.NotNull(await hook.Get());

        Assert.False(testing.IsCompleted);
        network.Answer();
        Assert.Equal(200, (await testing)?.Value?.Status);
    }

    [Fact]
    public async Task A_test_that_is_cut_short_by_the_end_of_its_silo_says_so()
    {
        var network = new Network();
        var mall = await OpenAsync(network);
        var hook = await CreateAsync(mall, "user.registered");
        await mall.RegisterAsync();
        await hook.Deliver();
        await network.AskedAsync(1);
        var testing = hook.Test(null);
        await network.AskedAsync(2);

        var closing = mall.CloseAsync();

        await Assert.ThrowsAsync<StaleActivationException>(() => testing);
        await closing;
        Directory.Delete(mall.Folder, recursive: true);
    }

    private static Task<TestMall> OpenAsync(Network network) =>
        TestMall.OpenAsync(services: s => s.AddSingleton<IWebhookClient>(network));

    private static async Task<IWebhookGrain> CreateAsync(TestMall mall, string type)
    {
        var hook = new CreateWebhook("http://receiver.test", [type], "s", AllowPrivate: true, null);
        var made = await mall.Grains.GetGrain<IWebhookDirectoryGrain>(0).Create(hook);
        return mall.Grains.GetGrain<IWebhookGrain>(made.Value!.Id);
    }

    /// <summary>Has no complaint, and no answer until it is told to.</summary>
    private sealed class Network : IWebhookClient
    {
        private readonly TaskCompletionSource _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _asked;

        /// <summary>What comes of a delivery; null: it arrives.</summary>
        public string? Error { get; init; }

        /// <summary>What happens while an address is looked up.</summary>
        public Func<Task>? Complaining { get; set; }

        public void Answer() => _answer.SetResult();

        public Task AskedAsync(int count) =>
            TestMall.EventuallyAsync(() => Task.FromResult(Volatile.Read(ref _asked) == count), $"{count} are on their way");

        public async Task<string?> ComplaintAsync(string url, bool allowPrivate)
        {
            if (Complaining is { } happening) await happening();
            return null;
        }

        public async Task<Delivery> SendAsync(SignedEvent message, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _asked);
            await _answer.Task.WaitAsync(cancellationToken);
            return new Delivery(Error is null ? 200 : 500, Error);
        }
    }
}
