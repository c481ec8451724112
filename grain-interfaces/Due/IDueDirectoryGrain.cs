namespace Mall.Due;

/// <summary>Looks at the work that is due, for operators. Key 0.</summary>
[Alias("mall.IDueDirectoryGrain")]
public interface IDueDirectoryGrain : IGrainWithIntegerKey
{
    /// <summary>What will be done at its time, by kind: unended sagas, unpaid orders, webhooks, schedules...</summary>
    [Alias("Count"), ReadOnly]
    Task<ImmutableArray<DueKind>> Count();
}

/// <param name="Count">
/// How many wait, those that are worked on at this moment among them; of some kinds not more than <see cref="MostCounted"/>.
/// </param>
/// <param name="First">When the first of them is due.</param>
[GenerateSerializer, Immutable, Alias("mall.DueKind")]
public sealed record DueKind(string Kind, long Count, DateTimeOffset First)
{
    public const int MostCounted = 10_000;
}
