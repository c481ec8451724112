using static Mall.Ledger.CommitOutcome;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

public abstract partial class StoreContract
{
    [Fact]
    public async Task Action_IsAppliedOnceWithItsRow_AndIsADuplicateAfterThat()
    {
        Assert.Equal(Applied, await Commit(Product(1, 10)));
        Assert.Equal(Applied, await Commit(Action("g"), Take(1, 3)));
        Assert.Equal(Duplicate, await Commit(Action("g"), Take(1, 3)));

        Assert.Equal((7, 3), await One(ProductRow, 1));
        Assert.Equal(["01 action 01 action"], await All(BarrierRows, "g"));
    }

    [Fact]
    public async Task Compensation_OfWhatHappened_UndoesItOnce()
    {
        await Commit(Product(1, 10));
        await Commit(Action("g"), Take(1, 3));
        Assert.Equal(Applied, await Commit(Compensate("g"), Take(1, -3)));
        Assert.Equal(Duplicate, await Commit(Compensate("g"), Take(1, -3)));

        Assert.Equal((10, 0), await One(ProductRow, 1));
        Assert.Equal(["01 action 01 action", "01 compensate 01 compensate"], await All(BarrierRows, "g"));
    }

    [Fact]
    public async Task Compensation_OfWhatNeverHappened_IsNull_AndTheLateActionIsSuspended()
    {
        await Commit(Product(1, 10));
        Assert.Equal(NullCompensation, await Commit(Compensate("g"), Take(1, -3)));
        Assert.Equal(NullCompensation, await Commit(Compensate("g"), Take(1, -3)));
        Assert.Equal(Suspended, await Commit(Action("g"), Take(1, 3)));

        Assert.Equal((10, 0), await One(ProductRow, 1));
        Assert.Equal(["01 action 01 compensate", "01 compensate 01 compensate"], await All(BarrierRows, "g"));
    }

    [Fact]
    public async Task Barriers_OfOtherBranchesAndBarrierIds_AreOtherEffects()
    {
        await Commit(Product(1, 10));
        Assert.Equal(Applied, await Commit(Action("g", "01", "01"), Take(1, 1)));
        Assert.Equal(Applied, await Commit(Action("g", "01", "02"), Take(1, 1)));
        Assert.Equal(Applied, await Commit(Action("g", "02", "01"), Take(1, 1)));
        Assert.Equal(NullCompensation, await Commit(Compensate("g", "02", "02"), Take(1, -1)));

        Assert.Equal((7, 3), await One(ProductRow, 1));
    }

    [Fact]
    public async Task Conflict_LeavesNoBarrierRow_SoThatTheEffectCanStillHappen()
    {
        await Commit(Product(1, 10, epoch: 2));
        Assert.Equal(Conflict, await Commit(Action("g"), Take(1, 3, epoch: 1)));
        Assert.Empty(await All(BarrierRows, "g"));

        Assert.Equal(Applied, await Commit(Action("g"), Take(1, 3, epoch: 2)));
        Assert.Equal((7, 3), await One(ProductRow, 1));
    }

    [Fact]
    public async Task ConflictingCompensation_LeavesNeitherRow_SoThatTheActionIsNotSuspended()
    {
        await Commit(Product(1, 10, epoch: 2));
        await Commit(Action("g"), Take(1, 3, epoch: 2));
        Assert.Equal(Conflict, await Commit(Compensate("g"), Take(1, -3, epoch: 1)));

        Assert.Equal(["01 action 01 action"], await All(BarrierRows, "g"));
        Assert.Equal(Applied, await Commit(Compensate("g"), Take(1, -3, epoch: 2)));
    }

    [Fact]
    public async Task ManyActionsInOneBatch_EachGetItsOwnOutcome()
    {
        await Commit(Product(1, 10));
        await Commit(Action("had"), Take(1, 1));
        await Commit(Compensate("never"), Take(1, -1));

        var outcomes = await ApplyTogether(
            new WriteSet(Action("had"), Take(1, 1)),
            new WriteSet(Action("never"), Take(1, 1)),
            new WriteSet(Action("new"), Take(1, 1)),
            new WriteSet(Compensate("null"), Take(1, -1)),
            new WriteSet(Compensate("had", "02"), Take(1, -1)));

        Assert.Equal([Duplicate, Suspended, Applied, NullCompensation, NullCompensation], outcomes);
        Assert.Equal((8, 2), await One(ProductRow, 1));
    }
}
