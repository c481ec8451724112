namespace Mall.Runtime.Tests.Simulation;

/// <summary>Randomness that is the same for the same seed.</summary>
public sealed class SeededRandomSource(int seed) : IRandomSource
{
    private readonly Random _random = new(seed);

    public ulong NextUInt64() => (ulong)_random.NextInt64(long.MinValue, long.MaxValue);
}
