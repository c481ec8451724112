namespace Mall.Runtime.Tests.Remote;

public class PlacementTests
{
    private static readonly RendezvousPlacement Placement = new();
    private static readonly SiloAddress[] Silos =
        [.. Enumerable.Range(0, 5).Select(i => new SiloAddress($"10.0.0.{i}:11111", 638_000_000_000 + i))];

    [Fact]
    public void Owner_DependsOnTheKeyAlone()
    {
        var view = new MembershipView(1, [.. Silos]);
        for (var i = 0; i < 100; i++)
        {
            var saga = Placement.OwnerOf(GrainId.Create(GrainType.Create("ordersaga"), $"gid-{i}"), view);
            Assert.Equal(saga, Placement.OwnerOf(GrainId.Create(GrainType.Create("order"), $"gid-{i}"), view));
        }
    }

    [Fact]
    public void Owner_WhenASiloLeaves_ChangesForItsKeysOnly_AndSharesAreEven()
    {
        var all = new MembershipView(1, [.. Silos]);
        var fewer = new MembershipView(2, [.. Silos.Skip(1)]);
        var counts = Silos.ToDictionary(s => s, _ => 0);
        for (var key = 0; key < 20_000; key++)
        {
            var id = GrainId.Create(GrainType.Create("product"), key);
            var before = Placement.OwnerOf(id, all)!;
            counts[before]++;
            if (!before.Equals(Silos[0])) Assert.Equal(before, Placement.OwnerOf(id, fewer));
        }

        Assert.All(counts.Values, c => Assert.InRange(c, 3_800, 4_200));
    }

    [Fact]
    public void Owner_IsTheSameOnEveryMachineAndForEver()
    {
        // Silos of different versions must agree: a change of these figures is a change of the protocol.
        var view = new MembershipView(1, [.. Silos]);
        var owners = Enumerable.Range(0, 12)
            .Select(k => Array.IndexOf(Silos, Placement.OwnerOf(GrainId.Create(GrainType.Create("a"), k), view)));
        var texts = Enumerable.Range(0, 12)
            .Select(k => Array.IndexOf(Silos, Placement.OwnerOf(GrainId.Create(GrainType.Create("a"), $"key {k}"), view)));
        Assert.Equal("122114012423 421322401232", string.Concat(owners) + " " + string.Concat(texts));
    }

    [Fact]
    public void Owner_WhenNobodyIsThere_IsNobody() =>
        Assert.Null(Placement.OwnerOf(GrainId.Create(GrainType.Create("a"), 1), new MembershipView(1, [])));
}
