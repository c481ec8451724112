using Microsoft.Extensions.Logging;

namespace Mall.Ledger.Stores;

/// <summary>
/// Connects to a database server at start, and waits for one that is not up yet: after a power cut everything starts at once.
/// </summary>
internal sealed partial class ServerPatience(LedgerOptions options, TimeProvider time, ILogger logger)
{
    /// <param name="connect">One attempt.</param>
    /// <param name="isFailure">Whether an exception is the server's or the network's doing.</param>
    /// <param name="isHopeless">Whether waiting cannot help: a wrong password, no such database.</param>
    /// <param name="describe">One line for an operator, without a full stop.</param>
    /// <exception cref="LedgerStartException">
    /// There was no connection for <see cref="LedgerOptions.StartTimeout"/>; it says why.
    /// </exception>
    public async Task<T> ConnectAsync<T>(
        Func<CancellationToken, Task<T>> connect,
        Func<Exception, bool> isFailure,
        Func<Exception, bool> isHopeless,
        Func<Exception, string> describe,
        CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var backoff = new Backoff(TimeSpan.FromMilliseconds(250), TimeSpan.FromSeconds(2), options.Random);
        for (var failures = 1; ; failures++)
        {
            try
            {
                return await connect(cancellationToken);
            }
            catch (Exception failure) when (isFailure(failure) && !cancellationToken.IsCancellationRequested)
            {
                var left = options.StartTimeout - time.GetElapsedTime(started);
                if (isHopeless(failure) || left <= TimeSpan.Zero)
                    throw new LedgerStartException($"db: {options.Address}: {describe(failure)}.", failure);
                LogWaiting(options.Address, describe(failure), left.TotalSeconds);
                await Task.Delay(backoff.After(failures), time, cancellationToken);
            }
        }
    }

    [LoggerMessage(2100, LogLevel.Warning, "Waiting for {Address}: {Problem}; for {LeftSeconds:0} more seconds")]
    private partial void LogWaiting(StoreAddress address, string problem, double leftSeconds);
}
