namespace Mall.Runtime;

/// <content>
/// Requests that are known not to have run: refused by a silo that does not own the grain, or never sent. Only those are ever
/// sent again; a call that may have run ends with an exception that says so, and what is to be done is its caller's decision.
/// </content>
internal sealed partial class RemoteCalls
{
    private const int FirstPauseMs = 5;
    private const int LongestPauseMs = 100;

    /// <summary>
    /// A one-way call is passed on by silos that do not own its grain; with each of them it has tried once more.
    /// </summary>
    private const int MaxHops = 20;

    private int _retrying; // Requests that have no place at the moment.

    /// <summary>
    /// Sends a request to whom the newest view names, until its time is up. From any thread, also inside a turn: what follows
    /// must not come back to that grain's activation, so it begins on the scheduler.
    /// </summary>
    /// <param name="request">It has not run.</param>
    /// <param name="usedView">By which view it was sent, or would have been.</param>
    /// <param name="knownView">A newer view that somebody is said to have, if there is one.</param>
    /// <param name="reason">What its caller hears when time is up. A sentence.</param>
    public void SendAgain(GrainRequest request, long usedView, long knownView, string reason)
    {
        Interlocked.Increment(ref _retrying);
        runtime.Scheduler.Schedule(new Retry(this, request, usedView, knownView, reason), near: false);
    }

    private async Task TryAgainAsync(GrainRequest request, long usedView, long knownView, string reason)
    {
        try
        {
            await FindPlaceAsync(request, usedView, knownView, reason);
        }
        finally
        {
            Interlocked.Decrement(ref _retrying);
        }
    }

    private async Task FindPlaceAsync(GrainRequest request, long usedView, long knownView, string reason)
    {
        if (knownView > membership.Current.Version) await membership.RefreshAsync(knownView, CancellationToken.None);
        var tries = request.EnsureExtras().Refusals++;
        // In the same view the answer will be the same, unless somebody needs a moment to catch up or to let go.
        if (membership.Current.Version <= usedView) await Task.Delay(Pause(tries), runtime.Time);
        if (!request.IsPending) return;
        var hasTime = runtime.Clock.Now < request.Deadline && (!request.IsOneWay || tries < MaxHops);
        if (hasTime && !runtime.IsOfTheEvicted(request)) runtime.Dispatch(request);
        else request.Answer(new SiloUnavailableException($"{reason} {request.Method} has not run."));
    }

    private static TimeSpan Pause(int tries) =>
        TimeSpan.FromMilliseconds(Math.Min(LongestPauseMs, FirstPauseMs << Math.Min(tries, 10)));

    private sealed class Retry(
        RemoteCalls remote, GrainRequest request, long usedView, long knownView, string reason) : IThreadPoolWorkItem
    {
        public void Execute() => _ = remote.TryAgainAsync(request, usedView, knownView, reason);
    }
}
