using System.Diagnostics;

namespace Mall.Orders;

/// <summary>
/// An order's transitions. It keeps nothing in memory: each transition is guarded by the status that it starts from, and an
/// order sees two or three of them in its life.
/// </summary>
public sealed class OrderGrain(GrainLedger ledger, TimeProvider clock) : Grain, IOrderGrain
{
    public async Task<Result<Done>> Create(Branch branch, OrderView order)
    {
        DeactivateOnIdle();
        if (!await GrainFactory.GetGrain<IUserGrain>(order.UserId).Exists())
            return Result.Refused(ErrorCodes.NoSuchUser, $"There is no user {order.UserId}.");

        return await ledger.CommitAsync(new WriteSet(branch.Action(), OrderRows.Insert(order))) switch
        {
            CommitOutcome.Applied or CommitOutcome.Duplicate => Done.It,
            CommitOutcome.Suspended => branch.AlreadyCompensated(),
            var outcome => throw new UnreachableException($"Inserting order {order.Id} of {order.Gid} came to {outcome}."),
        };
    }

    public async Task Void(Branch branch, long orderId)
    {
        DeactivateOnIdle();
        var end = OrderRows.End(orderId, OrderStatus.Created, OrderStatus.Void, clock.GetUtcNow());
        var outcome = await ledger.CommitAsync(new WriteSet(branch.Compensation(), end));
        if (outcome == CommitOutcome.Conflict)
            throw new StaleActivationException($"Order {orderId} is no longer in the status in which it can become void.");
    }
}
