using System.Text.Json;

namespace Mall.Sagas;

/// <summary>Reads sagas for operators, and finds the grain of one. Reentrant: it keeps nothing between its awaits.</summary>
[StatelessWorker, Reentrant]
public sealed class SagaDirectoryGrain(GrainLedger ledger, SagaKinds kinds, LedgerClock clock) : Grain, ISagaDirectoryGrain
{
    public async Task<Result<SagaView>> Get(string gid)
    {
        if (await ledger.FindAsync(SagaRows.ByGid, gid) is not { } saga) return NoSuchSaga(gid);
        var barrier = await ledger.QueryAsync(SagaRows.BarrierOf, gid);
        var noted = await ledger.QueryAsync(SagaRows.BranchesOf, gid);
        var (plan, _) = await kinds.TryPlanAsync(saga, GrainFactory); // What cannot be read can still be looked at.
        var known = plan is null ? null : await kinds[saga.Kind].LookAsync(ledger, saga);
        var (began, updated, ended) = await ledger.FindAsync(SagaRows.TimesOf, gid);
        return View(saga) with
        {
            CreatedAt = began, UpdatedAt = updated, EndedAt = ended,
            Barrier = [.. barrier], Branches = known ?? [.. BranchesOf(saga, plan ?? [], noted, barrier)],
        };
    }

    public async Task<ListPage<SagaView>> List(string? status, bool? isParked, ListPlace? after, int limit)
    {
        var place = after ?? new ListPlace(0, "");
        if (isParked is true && status is not null && SagaStatus.HasEnded(status)) return new([], null, place);
        var settled = await ledger.SettledAsync();

        // One more than asked for tells whether there is a next page.
        var rows = await ledger.QueryAsync(
            SagaRows.Page(status, isParked), place.Position, place.Key, settled, limit + 1);
        return ListPages.Of(rows, limit, place, View, saga => new ListPlace(saga.Position, saga.Gid));
    }

    public Task<Result<SagaView>> Retry(string gid, Idempotency? idempotency) =>
        PushAsync(gid, idempotency, saga => saga.Retry());

    public Task<Result<SagaView>> Abort(string gid, Idempotency? idempotency) =>
        PushAsync(gid, idempotency, saga => saga.Abort());

    private async Task<Result<SagaView>> PushAsync(string gid, Idempotency? key, Func<ISagaGrain, Task<Result<Done>>> push) =>
        (await ledger.AnswerOnceAsync(
            key, "saga", resultId: 0, clock, SagaJson.Default.SagaView,
            async () => await AskAsync(gid, push) is { Refusal: { } refusal } ? refusal : await Get(gid)))!;

    private async Task<Result<Done>> AskAsync(string gid, Func<ISagaGrain, Task<Result<Done>>> ask)
    {
        if (await ledger.FindAsync(SagaRows.ByGid, gid) is not { } saga) return NoSuchSaga(gid);
        return await kinds.TryPlanAsync(saga, GrainFactory) is (null, var unreadable)
            ? Result.Refused(ErrorCodes.SagaStatusForbids, $"Saga {gid} cannot be driven by this version: {unreadable}")
            : await ask(kinds[saga.Kind].Grain(GrainFactory, saga.Gid));
    }

    private static SagaView View(SagaRecord s) => new(s.Gid, s.Kind, s.Status, s.Reason, s.Attempts, s.NextTime, [], []);

    /// <summary>
    /// Every planned action, and every compensation that was begun. A saga that goes well writes no branch rows: what its
    /// branches have done is read off the barrier.
    /// </summary>
    private static IEnumerable<SagaBranchView> BranchesOf(
        SagaRecord saga, IEnumerable<SagaBranch> plan, IReadOnlyList<SagaBranchRow> noted, IReadOnlyList<BarrierRowView> barrier)
    {
        foreach (var branch in plan)
        {
            var acted = barrier.FirstOrDefault(
                b => b.BranchId == branch.Id && b.Op == BarrierOps.Action && b.Reason == BarrierOps.Action);
            var compensated = barrier.FirstOrDefault(b => b.BranchId == branch.Id && b.Op == BarrierOps.Compensate);
            var action = noted.FirstOrDefault(n => n.BranchId == branch.Id && n.Op == BarrierOps.Action);
            var isDone = acted is not null || saga.Status == SagaStatus.Succeed;
            var status = isDone ? BranchStatus.Succeed : action?.Status ?? BranchStatus.Prepared;
            yield return new SagaBranchView(
                branch.Id, BarrierOps.Action, status, branch.Target,
                acted?.CreatedAt ?? (action is { Status: not BranchStatus.Prepared } ? action.UpdateTime : null));
            if (saga.Status is SagaStatus.Aborting or SagaStatus.Failed && action is not null)
            {
                yield return new SagaBranchView(
                    branch.Id, BarrierOps.Compensate, compensated is null ? BranchStatus.Prepared : BranchStatus.Succeed,
                    branch.Target, compensated?.CreatedAt);
            }
        }
    }

    private static Refusal NoSuchSaga(string gid) => Result.Refused(ErrorCodes.NoSuchSaga, $"There is no saga {gid}.");
}

/// <summary>How the answer to a push is kept for those who repeat it.</summary>
[JsonSerializable(typeof(SagaView))]
internal sealed partial class SagaJson : JsonSerializerContext;

/// <summary>The kinds of saga that this mall runs, by name.</summary>
public sealed class SagaKinds(IEnumerable<ISagaKind> kinds)
{
    private readonly Dictionary<string, ISagaKind> _byName = kinds.ToDictionary(k => k.Name);

    /// <exception cref="InvalidDataException">No such kind: the row was written by a newer version.</exception>
    public ISagaKind this[string name] =>
        _byName.TryGetValue(name, out var kind) ? kind : throw new InvalidDataException($"Unknown kind of saga: {name}.");

    /// <summary>The branches of a saga; null, and why, when its row was written by a version that knew more.</summary>
    internal async Task<(IReadOnlyList<SagaBranch>? Plan, string? Unreadable)> TryPlanAsync(SagaRecord saga, IGrainFactory grains)
    {
        try
        {
            return (await this[saga.Kind].PlanAsync(grains, saga), null);
        }
        catch (Exception e) when (e is InvalidDataException or JsonException)
        {
            return (null, e.Message);
        }
    }
}
