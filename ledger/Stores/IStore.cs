namespace Mall.Ledger.Stores;

/// <summary>One database: all that the ledger needs of it, and the only place where one differs from another; all pass the same
/// contract suite. Members may be called from anywhere and at once, except <see cref="ApplyAsync"/> and <see
/// cref="HasCommittedAsync"/>: the committer alone calls them, one after the other, on <see cref="Scheduler"/>. Where no
/// exception is named it is <see cref="LedgerUnavailableException"/>: it cannot be had now.</summary>
public interface IStore : IAsyncDisposable
{
    /// <summary>Where the committer's loop runs: on the thread that owns the connection, if there is one.</summary>
    TaskScheduler Scheduler { get; }

    /// <summary>Takes ownership where the database needs that, and brings the schema up to date.</summary>
    /// <exception cref="LedgerStartException">It cannot be used, and why, in one line.</exception>
    Task OpenAsync(CancellationToken cancellationToken);

    /// <summary>Writes the batch in one transaction: its commit mark, barrier rows, then the changes of those write sets that may
    /// proceed. Outcomes stand in the batch when the commit is attempted: they hold when its acknowledgement is lost. Each write
    /// set fares as if it had been committed alone; where that cannot be had, the store refuses the batch, and gets the halves of
    /// it. Whose row is locked it may hold back (<see cref="Batch.HoldBack"/>); the others are written.</summary>
    /// <exception cref="StoreException">Nothing happened, or nobody knows.</exception>
    ValueTask ApplyAsync(Batch batch);

    /// <summary>Whether that batch has committed. Waits out a transaction still in doubt, so the answer is final.</summary>
    /// <exception cref="StoreException">It cannot be said now.</exception>
    ValueTask<bool> HasCommittedAsync(string committer, long number);

    /// <inheritdoc cref="ILedger.QueryAsync"/>
    Task<IReadOnlyList<T>> QueryAsync<T>(Query<T> query, Value[] parameters, CancellationToken cancellationToken);

    /// <inheritdoc cref="ILedger.SettledAsync"/>
    Task<long> SettledAsync(CancellationToken cancellationToken);

    /// <summary>The time by the database's clock; null when that is this process's own.</summary>
    Task<DateTimeOffset?> NowAsync(CancellationToken cancellationToken);

    /// <summary>Reserves ids, durably, and returns the first. A lost acknowledgement loses ids, no more.</summary>
    Task<long> ReserveIdsAsync(string sequence, int count);

    /// <summary>Picks rows that nobody else has locked, the first of them, and writes to them in the same transaction.</summary>
    Task<IReadOnlyList<T>> PickAsync<T>(Pick<T> pick);
}
