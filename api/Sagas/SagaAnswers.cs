namespace Mall.Api.Sagas;

/// <summary>A saga, as REST shows it to operators.</summary>
/// <param name="Gid">Its global transaction id.</param>
/// <param name="Kind">What it does.</param>
/// <param name="Status">prepared, submitted, aborting, succeed or failed.</param>
/// <param name="Reason">Why it aborts or failed, or what it last stumbled over.</param>
/// <param name="Attempts">How often it stumbled since it last made progress.</param>
/// <param name="NextAt">When it is tried again; absent when it has ended or is parked.</param>
/// <param name="Barrier">The barrier rows of its gid.</param>
internal sealed record SagaAnswer(
    string Gid, string Kind, string Status, string? Reason, int Attempts, DateTime? NextAt,
    IReadOnlyList<SagaBranchAnswer> Branches, IReadOnlyList<BarrierRowAnswer> Barrier)
{
    public static SagaAnswer Of(SagaView saga) => new(
        saga.Gid, saga.Kind, saga.Status, saga.Reason, saga.Attempts, saga.NextAt?.UtcDateTime,
        [.. saga.Branches.Select(b => new SagaBranchAnswer(b.BranchId, b.Op, b.Status, b.Target))],
        [.. saga.Barrier.Select(row => new BarrierRowAnswer(row.BranchId, row.Op, row.BarrierId, row.Reason))]);
}

/// <param name="Op">action or compensate.</param>
/// <param name="Status">prepared, succeed, refused or failed.</param>
/// <param name="Target">What it calls.</param>
internal sealed record SagaBranchAnswer(string BranchId, string Op, string Status, string Target);

/// <param name="Reason">The op that wrote the row.</param>
internal sealed record BarrierRowAnswer(string BranchId, string Op, string BarrierId, string Reason);

/// <inheritdoc cref="OrderPageAnswer"/>
internal sealed record SagaPageAnswer(
    IReadOnlyList<SagaAnswer> Items, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Next, string Cursor)
{
    public static SagaPageAnswer Of(ListPage<SagaView> page) =>
        new([.. page.Items.Select(SagaAnswer.Of)], page.Next?.ToString(), page.Cursor.ToString());
}
