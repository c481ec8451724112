namespace Mall.Simulation;

/// <summary>What a run counts.</summary>
public sealed class Tally
{
    /// <summary>By kind.</summary>
    public SortedDictionary<string, long> Faults { get; } = new(StringComparer.Ordinal);

    /// <summary>Anything else, by name.</summary>
    public SortedDictionary<string, long> Counts { get; } = new(StringComparer.Ordinal);

    public void Fault(string kind) => Faults[kind] = Faults.GetValueOrDefault(kind) + 1;

    public void Add(Tally other)
    {
        foreach (var (what, count) in other.Counts) Count(what, count);
        foreach (var (kind, count) in other.Faults) Faults[kind] = Faults.GetValueOrDefault(kind) + count;
    }

    public void Count(string what, long by = 1) => Counts[what] = Counts.GetValueOrDefault(what) + by;
}
