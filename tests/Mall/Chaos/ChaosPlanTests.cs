namespace Mall.Tests.Chaos;

/// <summary>What a run of chaos does is decided by its seed, and leaves somebody to serve.</summary>
public sealed class ChaosPlanTests
{
    private const int Silos = 3;
    private static readonly TimeSpan s_length = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_lease = TimeSpan.FromSeconds(6);

    [Fact]
    public void Plan_OfOneSeed_IsAlwaysTheSame() =>
        Assert.Equal(ChaosPlan.Of(7, Silos, s_length, s_lease), ChaosPlan.Of(7, Silos, s_length, s_lease));

    [Fact]
    public void Plan_OfAnySeed_LeavesASiloAndRestartsTheDatabaseOnce()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var plan = ChaosPlan.Of(seed, Silos, s_length, s_lease);

            var database = Assert.Single(plan, step => step.Silo is null);
            Assert.DoesNotContain(plan, step => step.Silo is not null && Overlap(step, database));
            foreach (var step in plan)
            {
                var away = plan.Count(other => other.Silo is not null && other.At <= step.At && step.At < other.At + other.For);
                Assert.InRange(away, 0, Silos - 1);
            }
            Assert.All(plan.Where(step => step.Deed == Deed.Suspend), step => Assert.True(step.For > s_lease));
        }
    }

    private static bool Overlap(ChaosStep a, ChaosStep b) => a.At < b.At + b.For && b.At < a.At + a.For;
}
