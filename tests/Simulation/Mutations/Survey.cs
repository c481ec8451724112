namespace Mall.Simulation;

/// <summary>
/// Plants each bug in turn and looks for the first seed that finds it: by a failure of a kind that seeds without it do not have.
/// </summary>
public sealed class Survey(string profile, TimeSpan duration)
{
    private const int SeedsWithout = 20;

    private readonly Dictionary<int, HashSet<string>> _without = [];

    /// <returns>How many bugs were not found.</returns>
    public int Run(int seeds, IEnumerable<Mutation> mutations, Action<string> print)
    {
        var known = Enumerable.Range(1, Math.Min(seeds, SeedsWithout)).SelectMany(Without).ToHashSet();
        foreach (var kind in known.Order(StringComparer.Ordinal)) print($"without any: {kind}");
        var missed = 0;
        foreach (var mutation in mutations)
        {
            var found = Enumerable.Range(1, seeds).Select(seed => (seed, Find(mutation, seed, known)))
                .FirstOrDefault(found => found.Item2 is not null);
            if (found.Item2 is null) missed++;
            print($"| {mutation} | {(found.Item2 is null ? "none" : found.seed)} | {found.Item2} |");
        }

        return missed;
    }

    private string? Find(Mutation mutation, int seed, HashSet<string> known)
    {
        var result = Simulation.Run.Once(Options(seed) with { Planted = mutation });
        return result.Kinds.Where(kind => !known.Contains(kind)).Except(result.Failures.Count == 0 ? [] : Without(seed)).FirstOrDefault();
    }

    private HashSet<string> Without(int seed)
    {
        if (!_without.TryGetValue(seed, out var kinds)) _without.Add(seed, kinds = [.. Simulation.Run.Once(Options(seed)).Kinds]);
        return kinds;
    }

    private RunOptions Options(int seed) => new(seed, profile, duration);
}
