namespace Mall.Bench.Measuring;

/// <summary>What the callers of a turn have counted, and what was spent meanwhile.</summary>
/// <param name="Spent">Processor time by the metric it is reported as.</param>
sealed record Turn(IReadOnlyList<Caller> Callers, TimeSpan Elapsed, IReadOnlyDictionary<string, TimeSpan> Spent)
{
    public long Successes => Callers.Sum(c => c.Latencies.TotalCount);

    public double PerSecond => Successes / Elapsed.TotalSeconds;

    /// <summary>On one line.</summary>
    public override string ToString() => string.Join(", ", Spent.Select(spent => FormattableString.Invariant(
        $"{spent.Key} {spent.Value.TotalMicroseconds / Math.Max(1, Successes):0.0}")).Prepend(
            FormattableString.Invariant($"{PerSecond:0} a second")));

    /// <summary>Lets all callers of a site call at once.</summary>
    public static async Task<Turn> TakeAsync(ISite site, TimeSpan duration, CancellationToken cancellationToken)
    {
        // The histograms exist and rubbish of earlier turns is gone before anything is counted.
        var callers = Enumerable.Range(0, site.Callers).Select(i => new Caller(i)).ToArray();
        GC.Collect();
        var (others, own) = (await site.SpentAsync(), Environment.CpuUsage.TotalTime);
        var start = Stopwatch.GetTimestamp();
        foreach (var caller in callers)
            caller.Start(start, duration);

        using (cancellationToken.Register(() => Array.ForEach(callers, c => c.Stop())))
            await Task.WhenAll(callers.Select(caller => Task.Run(() => site.CallAsync(caller), CancellationToken.None)));
        cancellationToken.ThrowIfCancellationRequested();

        var elapsed = Stopwatch.GetElapsedTime(start);
        var spent = new Dictionary<string, TimeSpan> { [Metric.CpuOfTool] = Environment.CpuUsage.TotalTime - own };
        foreach (var (metric, time) in await site.SpentAsync())
            spent[metric] = time - others[metric];
        return new Turn(callers, elapsed, spent);
    }

    /// <summary>Lets all take turns, so that a slow moment of the disk or the machine meets all, and audits each turn.</summary>
    /// <returns>A measurement for each contestant, in their order.</returns>
    public static async Task<Findings> TakeAllAsync(
        IReadOnlyList<Contestant> contestants, TimeSpan warmup, TimeSpan duration, int rounds,
        CancellationToken cancellationToken)
    {
        var turns = contestants.ToDictionary(c => c.Name, _ => new List<Turn>());
        var durability = new HashSet<string>();
        for (var round = 1; round <= rounds; round++)
        {
            foreach (var contestant in contestants)
            {
                await Console.Error.WriteLineAsync($"Round {round} of {rounds}: {contestant.Name}");
                await using var site = await contestant.OpenAsync(cancellationToken);
                durability.Add(site.Durability);
                var before = await TakeAsync(site, warmup, cancellationToken);
                var turn = await TakeAsync(site, duration, cancellationToken);
                turns[contestant.Name].Add(turn);
                await Console.Error.WriteLineAsync($"  {turn}");
                await site.AuditAsync(before.Successes + turn.Successes, cancellationToken);
            }
        }

        return new Findings(
            string.Join("; ", durability), [.. contestants.Select(c => Measurement.Of(c.Name, turns[c.Name]))]);
    }
}
