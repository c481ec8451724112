using Microsoft.Extensions.Hosting;

namespace Mall.Sagas;

/// <summary>How patiently sagas are driven.</summary>
public sealed record SagaOptions
{
    /// <summary>A saga not ended this long after its last write is looked after by due work. Default 5 s, at least 1 s.</summary>
    public TimeSpan TakeoverAfter { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The wait after the first round that stumbled; it doubles with each further one. Default 50 ms.</summary>
    public TimeSpan FirstBackoff { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest wait between two rounds. Default 30 s.</summary>
    public TimeSpan MaxBackoff { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>After this many rounds that failed (not: outcome unknown) a saga is parked for an operator. Default 10.</summary>
    public int FailureLimit { get; init; } = 10;
}

/// <summary>What every saga grain is given.</summary>
/// <param name="Jitter">Spreads retries; seeded by the host.</param>
/// <param name="Lifetime">Says when the silo stops: a saga that waits for its next round does not hold it up.</param>
public sealed record SagaServices(
    GrainLedger Ledger, LedgerClock Clock, SagaOptions Options, Jitter Jitter, IHostApplicationLifetime Lifetime,
    ILoggerFactory Logging);

/// <summary>The wait before what has failed is tried again.</summary>
internal static class Backoff
{
    /// <summary>Doubles from the first up to the longest; the exponent is capped before it can overflow.</summary>
    /// <param name="attempts">In vain so far; of none it is the first wait, too.</param>
    public static TimeSpan After(long attempts, TimeSpan first, TimeSpan longest)
    {
        var doubled = first * Math.Pow(2, Math.Clamp(attempts - 1, 0, 30));
        return doubled < longest ? doubled : longest;
    }
}

/// <summary>A source of random factors, shared by all grains of a silo.</summary>
/// <param name="seed">The same seed gives the same factors.</param>
public sealed class Jitter(int seed)
{
#pragma warning disable CA5394 // spreading retries needs no secrets
    private readonly Random _random = new(seed);

    /// <summary>Between a half and one and a half times the given span.</summary>
    public TimeSpan Spread(TimeSpan span)
    {
        lock (_random) return span * (0.5 + _random.NextDouble());
    }
#pragma warning restore CA5394
}
