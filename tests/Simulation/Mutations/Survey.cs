namespace Mall.Simulation;

/// <summary>
/// Plants each bug in turn and looks for the first seed that finds it: by a failure that nobody expects, in a run that has none
/// without the bug.
/// </summary>
public sealed class Survey(string profile, TimeSpan duration)
{
    private readonly Dictionary<int, bool> _isSound = [];

    /// <summary>Prints a row of docs/testing.md for each.</summary>
    /// <returns>How many bugs were not found.</returns>
    public int Run(int seeds, IEnumerable<Mutation> mutations, Action<string> print)
    {
        var missed = 0;
        foreach (var mutation in mutations)
        {
            var (seed, failure) = Enumerable.Range(1, seeds).Select(seed => (seed, Failure: Find(mutation, seed)))
                .FirstOrDefault(found => found.Failure is not null);
            if (failure is null) missed++;
            print($"| {mutation} | {(failure is null ? "none" : seed)} | {failure} |");
        }

        return missed;
    }

    private string? Find(Mutation mutation, int seed)
    {
        var options = new RunOptions(seed, profile, duration);
        if (FailureOf(options with { Planted = mutation }) is not { } failure) return null;
        if (!_isSound.TryGetValue(seed, out var isSound)) _isSound.Add(seed, isSound = FailureOf(options) is null);
        return isSound ? failure : null;
    }

    private static string? FailureOf(RunOptions options) =>
        Simulation.Run.Once(options).Failures is [var failure, ..] ? failure : null;
}
