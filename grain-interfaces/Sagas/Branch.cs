namespace Mall.Sagas;

/// <summary>
/// Which branch of which saga a grain is called for. The grain commits its effect together with the barrier row of
/// (gid, branch id, op), so repeating the call is harmless.
/// </summary>
/// <param name="Gid">The saga.</param>
/// <param name="BranchId">Two digits or more: <c>01</c>, <c>02</c>, ...</param>
[GenerateSerializer, Immutable, Alias("mall.Branch")]
public sealed record Branch(string Gid, string BranchId)
{
    /// <summary>
    /// What a saga waits for a branch before it asks again, and a front door for an order as a whole before it goes by steps: as
    /// long as a commit may take (10 s, and up to one more), and less than half of what a client waits (25 s). Orleans itself
    /// would wait for 30 s.
    /// </summary>
    public const string ResponseTimeout = "00:00:11";
}
