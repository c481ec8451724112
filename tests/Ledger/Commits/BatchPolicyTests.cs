using Mall.Ledger.Stores;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

public sealed class BatchPolicyTests
{
    [Fact]
    public void Fill_TakesTheOldest_UpToTheLimit()
    {
        var queue = Queue([.. Enumerable.Range(0, 10).Select(i => new WriteSet(Setting($"{i}", "x")))]);
        Assert.Equal("0123", Taken(new BatchPolicy(4, 1_000_000), queue));
    }

    [Fact]
    public void Fill_StopsAtTheBytes_ButTakesALargeOneAlone()
    {
        var large = new string('x', 5_000);
        Assert.Equal("01", Taken(new BatchPolicy(100, 6_000), Queue(
            new WriteSet(Setting("0", "x")),
            new WriteSet(Setting("1", large)),
            new WriteSet(Setting("2", large)),
            new WriteSet(Setting("3", "x")))));
        Assert.Equal("0",
            Taken(new BatchPolicy(100, 100), Queue(new WriteSet(Setting("0", large)), new WriteSet(Setting("1", "x")))));
    }

    [Fact]
    public void Fill_NeverTakesAnActionAndItsCompensationTogether()
    {
        Assert.Equal("02", Taken(Queue(
            new WriteSet(Action("g"), Setting("0", "x")),
            new WriteSet(Compensate("g"), Setting("1", "x")),
            new WriteSet(Action("g", "02"), Setting("2", "x")))));
    }

    [Fact]
    public void Fill_NeverTakesARepeatTogetherWithTheFirst()
    {
        Assert.Equal("02", Taken(Queue(
            new WriteSet(Action("g"), Take(1, 1)),
            new WriteSet(Action("g"), Take(1, 1)),
            new WriteSet(Action("h"), Take(1, 1)))));
    }

    [Fact]
    public void Fill_TakesTheSameRowTogether_WhenBothOnlyAddUnderEqualGuards()
    {
        Assert.Equal("012", Taken(Queue(new WriteSet(Take(1, 1)), new WriteSet(Take(1, -5)), new WriteSet(Take(2, 1)))));
        Assert.Equal("0", Taken(Queue(new WriteSet(Take(1, 1, epoch: 1)), new WriteSet(Take(1, 1, epoch: 2)))));
        Assert.Equal("0", Taken(Queue(new WriteSet(Take(1, 1)), new WriteSet(SetPrice.With(1, 1, 7)))));
        Assert.Equal("0", Taken(Queue(new WriteSet(SetPrice.With(1, 1, 7)), new WriteSet(SetPrice.With(1, 1, 7)))));
    }

    [Fact]
    public void Fill_KnowsARowByItsKey_WhateverTheShapeNamesFirst()
    {
        var backwards = Products.Insert(Stock, Id);
        Assert.Equal("0", Taken(Queue(new WriteSet(backwards.With(5, 1)), new WriteSet(SetPrice.With(1, 1, 7)))));
        Assert.Equal("01", Taken(Queue(new WriteSet(backwards.With(1, 5)), new WriteSet(SetPrice.With(1, 1, 7)))));
    }

    [Fact]
    public void Fill_LetsOthersOvertake_ButNotThoseThatConflictWithOneThatWaits()
    {
        // 1 waits for 0; 2 wants another row of 1 and must not go before it; 3 conflicts with nobody.
        Assert.Equal("03", Taken(Queue(
            new WriteSet(SetPrice.With(1, 1, 7)),
            new WriteSet(SetPrice.With(1, 1, 8), Setting("a", "x")),
            new WriteSet(Setting("a", "y")),
            new WriteSet(Setting("b", "z")))));
    }

    [Fact]
    public void Fill_DoesNotHoldUpSums_BehindARepeat()
    {
        // 1 repeats 0; it waits, and the sums on the same row go ahead of it.
        Assert.Equal("023", Taken(Queue(
            new WriteSet(Action("g"), Take(1, 1)),
            new WriteSet(Action("g"), Take(1, 1)),
            new WriteSet(Action("h"), Take(1, 1)),
            new WriteSet(Action("i"), Take(1, 1)))));
    }

    [Fact]
    public void Fill_HoldsUpSums_BehindASetOfTheSameRow()
    {
        Assert.Equal("0", Taken(Queue(new WriteSet(Take(1, 1)), new WriteSet(SetPrice.With(1, 1, 7)), new WriteSet(Take(1, 1)))));
    }

    [Fact]
    public void Fill_EndsItsSearch_WhenTooManyWait()
    {
        var same = Enumerable.Repeat(new WriteSet(SetPrice.With(1, 1, 7)), BatchPolicy.MaxPassedOver + 1);
        Assert.Equal("0", Taken(Queue([.. same, new WriteSet(Setting("free", "x"))])));
    }

    [Fact]
    public void Fill_OverManyBatches_KeepsTheOrderOfWhatConflicts_AndLosesNothing()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var all = Enumerable.Range(0, 60).Select(_ => new PendingCommit(RandomWriteSet(random))).ToList();
            var queue = new LinkedList<PendingCommit>();
            foreach (var pending in all) queue.AddLast(pending.Place);
            var taken = new List<PendingCommit>();
            var policy = new BatchPolicy(8, int.MaxValue);
            while (queue.Count > 0)
            {
                var batch = Fill(policy, queue);
                Assert.NotEqual(0, batch.Count);
                var members = batch.Pending.ToList();
                foreach (var one in members)
                foreach (var other in members)
                    Assert.True(one == other || !Conflict(one.Writes, other.Writes), $"Two of a batch conflict; seed {seed}.");
                foreach (var member in members) queue.Remove(member);
                taken.AddRange(members);
            }

            Assert.Equal(all.Count, taken.Distinct().Count());
            for (var i = 0; i < taken.Count; i++)
            for (var j = i + 1; j < taken.Count; j++)
                Assert.True(
                    all.IndexOf(taken[i]) < all.IndexOf(taken[j]) || !Conflict(taken[i].Writes, taken[j].Writes),
                    $"A younger one went before an older one that it conflicts with; seed {seed}.");
        }
    }

    [Fact]
    public void WriteSet_ThatTouchesARowTwice_IsRefused() =>
        Assert.Throws<ArgumentException>(() => new PendingCommit(new WriteSet(Setting("a", "1"), SetSetting.With("a", "2"))));

    private static WriteSet RandomWriteSet(Random random)
    {
        var gid = $"{random.Next(8)}";
        BarrierKey? barrier = random.Next(4) switch { 0 => Action(gid), 1 => Compensate(gid), _ => null };
        var first = random.Next(4);
        return random.Next(3) switch
        {
            0 => new WriteSet(barrier, SetPrice.With(first, 1, 7)),
            1 => new WriteSet(barrier, Take(first, 1, epoch: random.Next(2)), Setting($"{random.Next(8)}", "x")),
            _ => new WriteSet(barrier, Take(first, 1), Take(first + 1, 1)),
        };
    }

    // Written from the rules, on values instead of hashes.
    private static bool Conflict(WriteSet one, WriteSet other)
    {
        if (one.Barrier is { } a && other.Barrier is { } b && (a with { Op = "" }) == (b with { Op = "" })) return true;
        return one.Changes.Any(x => other.Changes.Any(y =>
            x.Shape.Table == y.Shape.Table && x.Values[0] == y.Values[0]
            && !(x.Shape == y.Shape && x.Shape.OnlyAdds && x.Values[1] == y.Values[1])));
    }

    private static LinkedList<PendingCommit> Queue(params WriteSet[] writeSets)
    {
        var queue = new LinkedList<PendingCommit>();
        foreach (var writes in writeSets) queue.AddLast(new PendingCommit(writes).Place);
        return queue;
    }

    private static string Taken(LinkedList<PendingCommit> queue) => Taken(new BatchPolicy(100, 1_000_000), queue);

    /// <summary>The positions in the queue of what the next batch takes.</summary>
    private static string Taken(BatchPolicy policy, LinkedList<PendingCommit> queue)
    {
        var positions = new Dictionary<PendingCommit, int>();
        foreach (var pending in queue) positions.Add(pending, positions.Count);
        var batch = Fill(policy, queue);
        return string.Concat(batch.Pending.Select(pending => positions[pending]));
    }

    private static Batch Fill(BatchPolicy policy, LinkedList<PendingCommit> queue)
    {
        var batch = new Batch();
        policy.Fill(batch, queue);
        return batch;
    }
}
