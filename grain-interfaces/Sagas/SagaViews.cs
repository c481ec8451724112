namespace Mall.Sagas;

/// <summary>A saga as an operator sees it.</summary>
/// <param name="Status">prepared, submitted, aborting, succeed or failed.</param>
/// <param name="Reason">Why it aborts or failed, or what it last stumbled over.</param>
/// <param name="Attempts">How often it stumbled since it last made progress.</param>
/// <param name="NextAt">When it is tried again; null when it has ended or is parked.</param>
[GenerateSerializer, Immutable, Alias("mall.SagaView")]
public sealed record SagaView(
    string Gid, string Kind, string Status, string? Reason, int Attempts, DateTimeOffset? NextAt,
    ImmutableArray<SagaBranchView> Branches, ImmutableArray<BarrierRowView> Barrier);

/// <param name="Op">action or compensate.</param>
/// <param name="Status">prepared, succeed, refused or failed.</param>
/// <param name="Target">What the branch calls, such as <c>product/7 DecrStock</c>.</param>
[GenerateSerializer, Immutable, Alias("mall.SagaBranchView")]
public sealed record SagaBranchView(string BranchId, string Op, string Status, string Target);

/// <param name="Reason">The op that wrote the row; it differs from Op in the marker of a null compensation.</param>
[GenerateSerializer, Immutable, Alias("mall.BarrierRowView")]
public sealed record BarrierRowView(string BranchId, string Op, string BarrierId, string Reason);
