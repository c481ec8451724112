namespace Mall.Sagas;

/// <summary>
/// Which branch of which saga a grain is called for. The grain commits its effect together with the barrier row of
/// (gid, branch id, op), so repeating the call is harmless.
/// </summary>
/// <param name="Gid">The saga.</param>
/// <param name="BranchId">Two digits or more: <c>01</c>, <c>02</c>, ...</param>
[GenerateSerializer, Immutable, Alias("mall.Branch")]
public sealed record Branch(string Gid, string BranchId);
