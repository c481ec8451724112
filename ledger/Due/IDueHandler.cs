namespace Mall.Ledger;

/// <summary>Does due work of one kind. It is called at least once for each: again after it has thrown or the process has died,
/// and a second time while the first still runs when that takes longer than the claim lasts. So it must be idempotent.</summary>
public interface IDueHandler
{
    /// <summary>The kind of work that it does; one handler a kind.</summary>
    string Kind { get; }

    /// <summary>The key of work that there always is, from the first start on, or null: whoever does it reschedules it.</summary>
    string? StandingKey => null;

    /// <summary>When it returns, the work's row is removed, unless it was rescheduled meanwhile or is the standing one.</summary>
    /// <exception cref="Exception">Any: the work is tried again with capped, jittered backoff.</exception>
    Task HandleAsync(DueItem item, CancellationToken cancellationToken);
}

/// <summary>Work whose time has come, claimed for this process.</summary>
/// <param name="Key">Names it within its kind; of a <see cref="DueColumn"/>, the owner's primary key.</param>
/// <param name="Attempts">Which attempt this is, from 1; of a <see cref="DueColumn"/>, counted by this process alone.</param>
/// <param name="Payload">What was scheduled with it, or null.</param>
public sealed record DueItem(string Kind, string Key, int Attempts, string? Payload = null);

/// <summary>How due work is claimed.</summary>
/// <param name="Kinds">Of the table: the kinds that there are handlers for.</param>
/// <param name="Until">Nobody else claims it before then.</param>
/// <param name="Column">Where its time stands; null: in the table <c>due</c>.</param>
public sealed record DueClaim(
    string Claimant, IReadOnlyList<string> Kinds, DateTimeOffset Now, DateTimeOffset Until, int Limit, DueColumn? Column = null);
