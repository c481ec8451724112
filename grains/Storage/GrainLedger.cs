namespace Mall.Storage;

/// <summary>
/// The ledger as grains see it: what it throws is told in the contract's own exceptions, so that a caller in another
/// process, which knows no ledger, can tell storage that does not answer from a bug.
/// </summary>
public sealed class GrainLedger(ILedger ledger)
{
    /// <inheritdoc cref="ILedger.CommitAsync"/>
    /// <exception cref="StorageUnavailableException">
    /// Nothing happened, or the outcome is unknown: see <see cref="StorageUnavailableException.NothingHappened"/>.
    /// </exception>
    /// <exception cref="TooBusyException">Nothing happened.</exception>
    public async Task<CommitOutcome> CommitAsync(WriteSet writes)
    {
        try
        {
            return await ledger.CommitAsync(writes);
        }
        catch (LedgerUnavailableException e)
        {
            throw Unavailable(e);
        }
        catch (LedgerOutcomeUnknownException e)
        {
            throw new StorageUnavailableException(e.Message);
        }
        catch (LedgerBusyException e)
        {
            throw new TooBusyException(e.Message);
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
            throw Unavailable(e);
        }
    }

    /// <summary>The one row of a query, or the type's default when there is none.</summary>
    public async Task<T?> FindAsync<T>(Query<T> query, params Value[] parameters)
    {
        var rows = await QueryAsync(query, parameters);
        return rows.Count == 0 ? default : rows[0];
    }

    /// <inheritdoc cref="ILedger.SettledAsync"/>
    /// <exception cref="StorageUnavailableException">The store cannot be read now.</exception>
    public async Task<long> SettledAsync()
    {
        try
        {
            return await ledger.SettledAsync();
        }
        catch (LedgerUnavailableException e)
        {
            throw Unavailable(e);
        }
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
            throw Unavailable(e);
        }
    }

    // The store's exception stays here, where its log is: a caller in another process could not read it.
    private static StorageUnavailableException Unavailable(LedgerUnavailableException e) =>
        new(e.Message) { NothingHappened = true };
}
