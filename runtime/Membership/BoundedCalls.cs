namespace Mall.Runtime;

/// <summary>Calls to storage that end in time, whether or not the storage's driver does.</summary>
internal static class BoundedCalls
{
    /// <summary>The call's answer, if it comes within the limit. What comes later is nobody's.</summary>
    /// <exception cref="TimeoutException">It has not come.</exception>
    public static async Task<T> Within<T>(
        this TimeProvider time, TimeSpan limit, Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        var answer = call(either.Token);
        try
        {
            return await answer.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            Observe(answer);
            throw new TimeoutException($"no answer within {limit}");
        }
        catch (OperationCanceledException)
        {
            Observe(answer);
            throw;
        }
    }

    /// <inheritdoc cref="Within{T}"/>
    public static Task Within(
        this TimeProvider time, TimeSpan limit, Func<CancellationToken, Task> call, CancellationToken cancellationToken)
    {
        return time.Within(limit, CallAsync, cancellationToken);

        async Task<bool> CallAsync(CancellationToken token)
        {
            await call(token);
            return true;
        }
    }

    /// <summary>A failure that comes too late is no news to anybody.</summary>
    private static void Observe(Task task) =>
        task.ContinueWith(
            static t => _ = t.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
}
