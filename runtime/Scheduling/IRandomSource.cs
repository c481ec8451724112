namespace Mall.Runtime;

/// <summary>Where the runtime takes randomness from. A simulation gives one with a seed.</summary>
public interface IRandomSource
{
    /// <summary>64 uniformly distributed bits.</summary>
    ulong NextUInt64();
}
