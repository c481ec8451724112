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

    [Theory]
    [InlineData(BarrierOps.Action, BarrierOps.Compensate)]
    [InlineData(BarrierOps.Action, BarrierOps.Rollback)]
    [InlineData(BarrierOps.Try, BarrierOps.Cancel)]
    public async Task EachOpThatUndoesAnother_IsNullWithoutIt_AndUndoesItOnce(string op, string undo)
    {
        await Commit(Product(1, 10));
        Assert.Equal(NullCompensation, await Commit(new BarrierKey("late", "01", undo), Take(1, -3)));
        Assert.Equal(Suspended, await Commit(new BarrierKey("late", "01", op), Take(1, 3)));
        Assert.Equal(Applied, await Commit(new BarrierKey("g", "01", op), Take(1, 3)));
        Assert.Equal(Applied, await Commit(new BarrierKey("g", "01", undo), Take(1, -3)));
        Assert.Equal(Duplicate, await Commit(new BarrierKey("g", "01", undo), Take(1, -3)));
        Assert.Equal((10, 0), await One(ProductRow, 1));
        Assert.Equal(
            new[] { $"01 {op} 01 {undo}", $"01 {undo} 01 {undo}" }.Order(StringComparer.Ordinal), await All(BarrierRows, "late"));
    }

    [Fact]
    public async Task Refusals_AreWrittenWithTheRest_AndUndoNothingThatHasHappened()
    {
        await Commit(Product(1, 10));
        await Commit(Action("had"), Take(1, 1));
        WriteSet[] rush = [Refuse("lost"), new(Action("won"), Take(1, 1)), Refuse("lost too")];

        // A store that could not write them together would refuse the batch.
        await OnScheduler(() => Store.ApplyAsync(BatchOf(rush)).AsTask());
        Assert.Equal((8, 2), await One(ProductRow, 1));
        Assert.Equal(["01 action 01 compensate", "01 compensate 01 compensate"], await All(BarrierRows, "lost"));
        Assert.Equal([NullCompensation, Duplicate, NullCompensation], await ApplyTogether(rush));
        Assert.Equal([Duplicate], await ApplyTogether(Refuse("had")));
        Assert.Equal([Duplicate, NullCompensation], await ApplyTogether(Refuse("had"), Refuse("lost three")));
        Assert.Equal(["01 action 01 action"], await All(BarrierRows, "had"));
        Assert.Equal((8, 2), await One(ProductRow, 1));
    }

    [Fact]
    public async Task RefusalBySomebodyWhoOwnsTheRowNoMore_IsAConflict_AndForbidsNothing()
    {
        await Commit(Product(1, 10));
        Assert.Equal([Conflict], await ApplyTogether(Refuse("late", epoch: 7)));
        Assert.Equal([Conflict, NullCompensation], await ApplyTogether(Refuse("late", epoch: 7), Refuse("lost")));
        Assert.Empty(await All(BarrierRows, "late"));
        Assert.Equal(Applied, await Commit(Action("late"), Take(1, 1)));
    }

    private static WriteSet Refuse(string gid, int epoch = 1) => new(Compensate(gid), Take(1, 0, epoch)) { IsRefusal = true };
}
