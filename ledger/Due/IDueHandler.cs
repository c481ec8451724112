namespace Mall.Ledger;

/// <summary>
/// Does due work of one kind. It is called at least once for each: again after it has thrown, after the process died, and,
/// when it takes longer than the claim lasts, a second time while the first still runs. So it must be idempotent:
/// by a barrier key, or by a grain that knows what it has done.
/// </summary>
public interface IDueHandler
{
    /// <summary>The kind of work that it does; one handler a kind.</summary>
    string Kind { get; }

    /// <summary>
    /// The key of work that there always is, from the first start on: whoever does it schedules it again. Null: there is none.
    /// </summary>
    string? StandingKey => null;

    /// <summary>Does the work. When it returns, the work's row is removed, unless it was rescheduled meanwhile.</summary>
    /// <exception cref="Exception">Any: the work is tried again with capped, jittered backoff.</exception>
    Task HandleAsync(DueItem item, CancellationToken cancellationToken);
}
