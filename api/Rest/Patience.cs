namespace Mall.Api.Rest;

/// <summary>
/// How long a request may wait for grains. Giving up stops the waiting and nothing else: the call goes on, and its outcome
/// is unknown to whoever gave up.
/// </summary>
/// <param name="Limit">From now; the deadline of the client or of the server, whichever is sooner.</param>
/// <param name="Clock">Measures the limit.</param>
/// <param name="ClientGone">Fires when nobody waits for the answer any more.</param>
internal readonly record struct Patience(TimeSpan Limit, TimeProvider Clock, CancellationToken ClientGone)
{
    /// <exception cref="TimeoutException">The limit has passed.</exception>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public Task<T> Wait<T>(Task<T> call)
    {
        if (call.IsCompleted)
            return call;
        Observe(call);
        return call.WaitAsync(Limit, Clock, ClientGone);
    }

    /// <summary>
    /// A call that was given up may fail later; its exception is nobody's then, and must not be reported as unobserved.
    /// </summary>
    private static void Observe(Task call) => call.ContinueWith(
        static failed => _ = failed.Exception,
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);
}
