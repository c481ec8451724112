using System.Net.ServerSentEvents;
using Mall.Api.Rest;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Mall.Tests.FrontDoor;

/// <summary>How a stream of events ends, on a thread that it has to share.</summary>
public sealed class EventStreamTests
{
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_hears = TimeSpan.FromMilliseconds(300); // By another thread, a little later.

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stream_WhoseClientGoesWhileItsSourceIsBusy_LeavesItsThreadToOthers()
    {
        var busy = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var client = new CancellationTokenSource();
        await using var services = new ServiceCollection().AddSingleton(TimeProvider.System)
            .AddSingleton<IHostApplicationLifetime, Lifetime>().BuildServiceProvider();
        var http = new DefaultHttpContext { RequestServices = services, RequestAborted = client.Token };
        var stream = new EventStream<string>(Result.Of(Follow(busy.Task)));
        var thread = new TaskFactory(new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler);
        var told = thread.StartNew(() => stream.ExecuteAsync(http), Cancel).Unwrap();
        await thread.StartNew(() => { }, Cancel).WaitAsync(s_soon, Cancel); // It waits for its source by now.
        try
        {
            await client.CancelAsync();
            var begun = TimeProvider.System.GetTimestamp();
            while (TimeProvider.System.GetElapsedTime(begun) < s_hears)
                await thread.StartNew(() => { }, Cancel).WaitAsync(s_soon, Cancel);
            Assert.False(told.IsCompleted);
        }
        finally
        {
            busy.SetResult();
        }

        await told.WaitAsync(s_soon, Cancel);
    }

    /// <summary>Nothing, and late: it does not hear that nobody listens any more.</summary>
    private static async IAsyncEnumerable<SseItem<string>> Follow(Task busy)
    {
        await busy.ConfigureAwait(false);
        yield break;
    }

    private sealed class Lifetime : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => CancellationToken.None;

        public CancellationToken ApplicationStopping => CancellationToken.None;

        public CancellationToken ApplicationStopped => CancellationToken.None;

        public void StopApplication()
        {
        }
    }
}
