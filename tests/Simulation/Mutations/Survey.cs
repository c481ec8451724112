namespace Mall.Simulation;

/// <summary>Plants each bug in turn and looks for the first seed that finds it. A seed that fails without it finds nothing.</summary>
public sealed class Survey(string profile, TimeSpan duration)
{
    private readonly Dictionary<int, bool> _isSound = [];

    /// <returns>How many bugs were not found.</returns>
    public int Run(int seeds, IEnumerable<Mutation> mutations, Action<string> print)
    {
        var missed = 0;
        foreach (var mutation in mutations)
        {
            var found = Enumerable.Range(1, seeds).Select(seed => Find(mutation, seed)).FirstOrDefault(result => result is not null);
            if (found is null) missed++;
            print($"| {mutation} | {found?.Options.Seed.ToString() ?? "none"} | {found?.Failures[0]} |");
        }

        return missed;
    }

    private RunResult? Find(Mutation mutation, int seed)
    {
        var options = new RunOptions(seed, profile, duration);
        var result = Simulation.Run.Once(options with { Planted = mutation });
        if (result.Failures.Count == 0) return null;
        if (!_isSound.TryGetValue(seed, out var isSound))
            _isSound.Add(seed, isSound = Simulation.Run.Once(options).Failures.Count == 0);
        return isSound ? result : null;
    }
}
