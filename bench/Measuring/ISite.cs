namespace Mall.Bench.Measuring;

/// <summary>One of those that take turns.</summary>
/// <param name="Name">How the report calls it.</param>
/// <param name="OpenAsync">Opens what a turn is taken on.</param>
sealed record Contestant(string Name, Func<CancellationToken, Task<ISite>> OpenAsync);

/// <summary>
/// What a turn is taken on. Each turn has a fresh one: what the just-in-time compiler settles on and where memory comes to lie
/// differs from process to process, by up to a factor of two in throughput, and only other processes average over it.
/// </summary>
interface ISite : IAsyncDisposable
{
    /// <summary>How many callers run at once.</summary>
    int Callers { get; }

    /// <summary>What makes a success durable, in the words of the database where it can be asked.</summary>
    string Durability { get; }

    /// <summary>One caller's loop; it runs while <see cref="Caller.GoesOn"/>.</summary>
    Task CallAsync(Caller caller);

    /// <summary>Processor time of others than this process since they started, by the metric it is reported as.</summary>
    Task<IReadOnlyDictionary<string, TimeSpan>> SpentAsync();

    /// <summary>Ends it, and looks whether what was counted has happened: a figure for work that was lost is none.</summary>
    /// <param name="acknowledged">How many operations have succeeded.</param>
    /// <exception cref="BenchmarkException">Something was lost or doubled.</exception>
    Task AuditAsync(long acknowledged, CancellationToken cancellationToken);
}
