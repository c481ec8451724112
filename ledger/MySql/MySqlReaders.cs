using System.Collections.Concurrent;
using Mall.Ledger.Stores;

namespace Mall.Ledger.MySql;

/// <summary>
/// Sessions for whatever is short: queries, ids, claims. As many at once as there are threads; the others wait for their turn.
/// </summary>
internal sealed class MySqlReaders(MySqlConnections connections, int most) : IDisposable
{
    // A session whose server has been restarted since is found to be dead when it is used; the next one may be, too.
    private const int MostReads = 3;

    private readonly BlockingThreads _threads = new("mall-ledger-mysql", most);
    private readonly ConcurrentBag<MySqlSession> _idle = [];
    private volatile bool _isDisposed;

    /// <summary>Reads, and once more when the connection fails. Only for what may be done twice.</summary>
    /// <exception cref="LedgerUnavailableException">The database cannot be used now.</exception>
    /// <exception cref="LedgerFaultException">The statement is not one for this database.</exception>
    public Task<T> ReadAsync<T>(Func<MySqlSession, T> read) => _threads.Run(() =>
    {
        for (var reads = 1; ; reads++)
        {
            try
            {
                return Use(read);
            }
            catch (LedgerUnavailableException failure) when (reads < MostReads && MySqlErrors.NumberOf(failure) is null
                && failure.InnerException is not TimeoutException)
            {
                // Another session may be well.
            }
        }
    });

    /// <summary>Writes, once.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public Task<T> WriteAsync<T>(Func<MySqlSession, T> write) => _threads.Run(() => Use(write));

    public void Dispose()
    {
        _isDisposed = true;
        while (_idle.TryTake(out var session)) session.Dispose();
        _threads.Dispose();
    }

    private T Use<T>(Func<MySqlSession, T> action)
    {
        MySqlSession? session = null;
        var isWell = false;
        try
        {
            session = _idle.TryTake(out var idle) ? idle : connections.Open();
            var result = action(session);
            isWell = true;
            return result;
        }
        catch (Exception failure) when (MySqlErrors.IsFaultOfStatement(failure))
        {
            throw new LedgerFaultException($"The query is not one for this database: {failure.Message}", failure);
        }
        catch (Exception failure) when (MySqlErrors.IsFailure(failure))
        {
            throw MySqlErrors.Unavailable(failure);
        }
        finally
        {
            // Whatever is wrong with it, a transaction left open included, the next one gets a new one.
            if (isWell && !_isDisposed) _idle.Add(session!);
            else session?.Dispose();
        }
    }
}
