namespace Mall.Sagas;

/// <summary>A saga as an operator sees it.</summary>
/// <param name="Status">prepared, submitted, aborting, succeed or failed.</param>
/// <param name="Reason">Why it aborts or failed, or what it last stumbled over.</param>
/// <param name="Attempts">How often it stumbled since it last made progress.</param>
/// <param name="NextAt">When it is tried again; null when it has ended or is parked.</param>
/// <param name="CreatedAt">When its intent became durable; null in lists.</param>
/// <param name="UpdatedAt">When its row was last written; null in lists.</param>
/// <param name="EndedAt">Null in lists, and until it has ended.</param>
[GenerateSerializer, Immutable, Alias("mall.SagaView")]
public sealed record SagaView(
    string Gid, string Kind, string Status, string? Reason, int Attempts, DateTimeOffset? NextAt,
    ImmutableArray<SagaBranchView> Branches, ImmutableArray<BarrierRowView> Barrier, DateTimeOffset? CreatedAt = null,
    DateTimeOffset? UpdatedAt = null, DateTimeOffset? EndedAt = null);

/// <param name="Op">action or compensate.</param>
/// <param name="Status">prepared, succeed, refused or failed.</param>
/// <param name="Target">What the branch calls, such as <c>product/7 DecrStock</c>.</param>
/// <param name="EndedAt">When that status became durable; null where it is open, or only the end of the saga tells of it.</param>
[GenerateSerializer, Immutable, Alias("mall.SagaBranchView")]
public sealed record SagaBranchView(string BranchId, string Op, string Status, string Target, DateTimeOffset? EndedAt = null);

/// <param name="Reason">The op that wrote the row; it differs from Op in the marker of a null compensation.</param>
[GenerateSerializer, Immutable, Alias("mall.BarrierRowView")]
public sealed record BarrierRowView(
    string BranchId, string Op, string BarrierId, string Reason, DateTimeOffset? CreatedAt = null);
