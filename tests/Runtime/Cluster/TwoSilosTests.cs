namespace Mall.Runtime.Tests.Cluster;

public sealed class TwoSilosTests
{
    [Fact]
    public async Task Call_ToAGrainOfTheOtherSilo_RunsThere()
    {
        await using var cluster = new TestCluster();
        var one = await cluster.StartSiloAsync();
        var two = await cluster.StartSiloAsync();
        await cluster.Settles(one, two);

        var there = one.Placed(one.KeyOf(two.Self));
        Assert.Equal(two.Self.ToString(), await there.Where());
        Assert.Equal(42, await there.Echo(42));
        Assert.Equal(5, await there.Add(5));
        Assert.Equal(7, await two.Placed(one.KeyOf(two.Self)).Add(2));
        Assert.Equal(one.Self.ToString(), await two.Placed(two.KeyOf(one.Self)).Where());
    }
}
