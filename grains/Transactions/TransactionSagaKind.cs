using System.Text.Json;

namespace Mall.Transactions;

/// <summary>Transactions of services among the mall's sagas: due work and operators treat them alike.</summary>
internal sealed class TransactionSagaKind(string type) : ISagaKind
{
    public string Name => type;

    public ISagaGrain Grain(IGrainFactory grains, string gid) => grains.GetGrain<IGlobalTransactionGrain>(gid);

    /// <summary>Nothing that the saga engine drives; that it can be read is all that is asked.</summary>
    /// <exception cref="JsonException">It cannot.</exception>
    public Task<IReadOnlyList<SagaBranch>> PlanAsync(IGrainFactory grains, SagaRecord saga)
    {
        _ = Transaction.IntentOf(saga.Payload ?? "");
        return Task.FromResult<IReadOnlyList<SagaBranch>>([]);
    }

    public async Task<ImmutableArray<SagaBranchView>?> LookAsync(GrainLedger ledger, SagaRecord saga) =>
        await Transaction.ReadAsync(ledger, saga.Gid) is { } transaction
            ? [.. transaction.Ops.Select(op => new SagaBranchView(op.BranchId, op.Op, op.Status, op.Target, op.EndedAt))]
            : null;
}
