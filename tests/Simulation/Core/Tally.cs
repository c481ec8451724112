namespace Mall.Simulation;

/// <summary>How often what happened, by name.</summary>
public sealed class Tally() : SortedDictionary<string, long>(StringComparer.Ordinal)
{
    public void Note(string what, long by = 1) => this[what] = this.GetValueOrDefault(what) + by;

    public void Add(Tally other)
    {
        foreach (var (what, count) in other) Note(what, count);
    }
}
