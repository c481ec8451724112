namespace Mall.Runtime;

/// <summary>
/// A loop's pause, which others can cut short. Whoever does runs the loop up to its next await, so it is to be done from the
/// scheduler; in return nothing here goes through the process's thread pool, as the cancellation of a <c>Task.Delay</c> does, and
/// a simulation can follow. One sleeper.
/// </summary>
internal sealed class Nap(TimeProvider time)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource? _sleeper;
    private bool _isCut;
    private bool _isOver;

    /// <summary>Sleeps for this long, or until it is cut short; not at all when it was since the last time.</summary>
    public async Task TakeAsync(TimeSpan span)
    {
        var sleeper = new TaskCompletionSource();
        lock (_lock)
        {
            if (!_isCut && !_isOver) _sleeper = sleeper;
            else sleeper.SetResult();
        }

        if (!sleeper.Task.IsCompleted)
        {
            await using var timer = time.CreateTimer(
                static state => ((TaskCompletionSource)state!).TrySetResult(), sleeper, span, Timeout.InfiniteTimeSpan);
            await sleeper.Task;
        }

        lock (_lock)
        {
            _sleeper = null;
            _isCut = false;
        }
    }

    /// <summary>Wakes the sleeper, or keeps it from falling asleep the next time.</summary>
    public void Cut()
    {
        TaskCompletionSource? sleeper;
        lock (_lock)
        {
            _isCut = true;
            sleeper = _sleeper;
        }

        sleeper?.TrySetResult();
    }

    /// <summary>There is no more sleep.</summary>
    public void End()
    {
        lock (_lock) _isOver = true;
        Cut();
    }
}
