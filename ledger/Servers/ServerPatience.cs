namespace Mall.Ledger.Servers;

/// <summary>Connects to a server at start, and waits for one that is not up yet: after a power cut all start at once.</summary>
internal sealed partial class ServerPatience(LedgerOptions options, TimeProvider time, ILogger logger)
{
    /// <exception cref="LedgerStartException">None within <see cref="LedgerOptions.StartTimeout"/>; it says why.</exception>
    public async Task<T> ConnectAsync<T>(
        Func<CancellationToken, ValueTask<T>> connect, ServerErrors errors, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var backoff = new Backoff(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(2), options.Random);
        for (var failures = 1; ; failures++)
        {
            try
            {
                return await connect(cancellationToken);
            }
            catch (Exception failure) when (errors.IsFailure(failure) && !cancellationToken.IsCancellationRequested)
            {
                var left = options.StartTimeout - time.GetElapsedTime(started);
                if (errors.IsHopelessAtStart(failure) || left <= TimeSpan.Zero)
                    throw errors.CannotStart(options.Address, failure);
                LogWaiting(options.Address, errors.Describe(failure), left.TotalSeconds);
                await Task.Delay(backoff.After(failures), time, cancellationToken);
            }
        }
    }

    [LoggerMessage(2100, LogLevel.Warning, "Waiting for {Address}: {Problem}; for {LeftSeconds:0} more seconds")]
    private partial void LogWaiting(StoreAddress address, string problem, double leftSeconds);
}
