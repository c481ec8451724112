namespace Mall.Ledger;

/// <summary>What grains know of durable state: commit a write set, read rows, take ids.</summary>
public interface ILedger
{
    /// <summary>Queues the write set for the next group commit and completes after that commit (never before it is durable).
    /// Idempotent when the write set has a barrier key.</summary>
    /// <exception cref="LedgerUnavailableException">Nothing was written, though the caller's client cannot know.</exception>
    /// <exception cref="LedgerBusyException">Refused at once, because too many write sets wait; nothing was written.</exception>
    /// <exception cref="LedgerOutcomeUnknownException">It may have been: repeat with the same barrier key or read it.</exception>
    /// <exception cref="LedgerFaultException">The database will never accept it, a bug; nothing was written.</exception>
    Task<CommitOutcome> CommitAsync(WriteSet writes);

    /// <summary>Reads committed rows. The SQL is portable between the stores; parameters are <c>@p1</c>, <c>@p2</c>...</summary>
    /// <exception cref="LedgerUnavailableException">The store cannot be read now.</exception>
    /// <exception cref="LedgerFaultException">The database does not understand the query: a bug of the caller.</exception>
    Task<IReadOnlyList<T>> QueryAsync<T>(
        Query<T> query, CancellationToken cancellationToken = default, params Value[] parameters);

    /// <summary>How far lists are settled: every row with a <c>position</c> up to here is there, and whatever is committed from
    /// now on gets a higher one. Whoever reads a list up to it, by position and then by key, misses nothing behind the last row
    /// of a page. To be asked before the rows are read. What was acknowledged before is within it, unless an older commit is
    /// still under way. See docs/decisions/0012.</summary>
    /// <exception cref="LedgerUnavailableException">The store cannot be read now.</exception>
    Task<long> SettledAsync(CancellationToken cancellationToken = default);

    /// <summary>The next id of a sequence: positive, increasing within this process, never given twice, also not after a crash.
    /// Taken from blocks that are reserved in <c>id_blocks</c>, so most calls complete at once.</summary>
    ValueTask<long> NextIdAsync(string sequence, CancellationToken cancellationToken = default);
}

/// <summary>A read: portable SQL and how a row becomes a value. Make each once in a static field.</summary>
/// <param name="Sql">One select, lower case, parameters <c>@p1</c>, <c>@p2</c>, ... each named at least once.</param>
/// <param name="Map">Reads the current row; must not advance the reader.</param>
public sealed record Query<T>(string Sql, Func<DbDataReader, T> Map)
{
    /// <summary>How long a server may take. Default, null: as long as for a commit.</summary>
    public TimeSpan? Timeout { get; init; }
}
