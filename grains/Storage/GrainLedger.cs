namespace Mall.Storage;

/// <summary>
/// The ledger as grains see it: what it throws is told in the contract's own exceptions, so that a caller in another
/// process, which knows no ledger, can tell storage that does not answer from a bug.
/// </summary>
public sealed class GrainLedger(ILedger ledger)
{
    /// <inheritdoc cref="ILedger.CommitAsync"/>
    /// <exception cref="StorageUnavailableException">
    /// Nothing happened, or the outcome is unknown: see <see cref="StorageOutcomes"/>.
    /// </exception>
    /// <exception cref="TooBusyException">Nothing happened.</exception>
    public async Task<CommitOutcome> CommitAsync(WriteSet writes)
    {
        try
        {
            return await ledger.CommitAsync(writes);
        }
        catch (Exception e) when (e is LedgerUnavailableException or LedgerOutcomeUnknownException)
        {
            throw new StorageUnavailableException(e.Message, e);
        }
        catch (LedgerBusyException e)
        {
            throw new TooBusyException(e.Message, e);
        }
    }

    /// <inheritdoc cref="ILedger.QueryAsync"/>
    /// <exception cref="StorageUnavailableException">The store cannot be read now.</exception>
    public async Task<IReadOnlyList<T>> QueryAsync<T>(Query<T> query, params Value[] parameters)
    {
        try
        {
            return await ledger.QueryAsync(query, CancellationToken.None, parameters);
        }
        catch (LedgerUnavailableException e)
        {
            throw new StorageUnavailableException(e.Message, e);
        }
    }

    /// <summary>The one row of a query, or the type's default when there is none.</summary>
    public async Task<T?> FindAsync<T>(Query<T> query, params Value[] parameters)
    {
        var rows = await QueryAsync(query, parameters);
        return rows.Count == 0 ? default : rows[0];
    }

    /// <inheritdoc cref="ILedger.NextIdAsync"/>
    /// <exception cref="StorageUnavailableException">No block can be reserved now.</exception>
    public async ValueTask<long> NextIdAsync(string sequence)
    {
        try
        {
            return await ledger.NextIdAsync(sequence);
        }
        catch (LedgerUnavailableException e)
        {
            throw new StorageUnavailableException(e.Message, e);
        }
    }
}

/// <summary>What only the silo that asked the ledger can tell of a failure.</summary>
internal static class StorageOutcomes
{
    /// <summary>True when it may have been written after all, so that memory may be wrong.</summary>
    public static bool IsUnknown(this StorageUnavailableException e) => e.InnerException is not LedgerUnavailableException;
}
