namespace Mall.Due;

/// <summary>Looks at the work that is due, for operators. Key 0.</summary>
[Alias("mall.IDueDirectoryGrain")]
public interface IDueDirectoryGrain : IGrainWithIntegerKey
{
    /// <summary>What stands in the table <c>due</c>, by kind.</summary>
    [Alias("Count"), ReadOnly]
    Task<ImmutableArray<DueKind>> Count();
}

/// <param name="Count">How many wait, those that are worked on at this moment among them.</param>
/// <param name="First">When the first of them is due.</param>
[GenerateSerializer, Immutable, Alias("mall.DueKind")]
public sealed record DueKind(string Kind, long Count, DateTimeOffset First);
