using System.Data.Common;

namespace Mall.Ledger.Leases;

/// <summary>One session for one caller at a time. After a failure the next caller gets a new one.</summary>
internal sealed class LeaseConnection(LeaseDialect dialect) : IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private DbConnection? _connection;

    /// <summary>Runs an operation on the session.</summary>
    /// <exception cref="LedgerUnavailableException">The database failed or did not answer in time.</exception>
    public Task<T> RunAsync<T>(Func<DbConnection, Task<T>> operation, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(
            () => RunOnSchedulerAsync(operation, cancellationToken),
            CancellationToken.None,
            TaskCreationOptions.DenyChildAttach,
            dialect.Scheduler).Unwrap();

    public async ValueTask DisposeAsync()
    {
        await _turn.WaitAsync();
        await DisconnectAsync();
        _turn.Dispose();
    }

    private async Task<T> RunOnSchedulerAsync<T>(Func<DbConnection, Task<T>> operation, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        var isWell = false;
        try
        {
            _connection ??= await dialect.ConnectAsync(cancellationToken);
            var result = await operation(_connection);
            isWell = true;
            return result;
        }
        catch (LeaseRefusedException)
        {
            isWell = true;
            throw;
        }
        catch (Exception failure) when (dialect.IsFailure(failure) && !cancellationToken.IsCancellationRequested)
        {
            throw new LedgerUnavailableException($"The database cannot be used now: {dialect.Describe(failure)}.", failure);
        }
        finally
        {
            if (!isWell) await DisconnectAsync();
            _turn.Release();
        }
    }

    private async ValueTask DisconnectAsync()
    {
        if (_connection is not { } connection) return;
        _connection = null;
        await connection.DisposeAsync();
    }
}
