using Mall.Simulation;

namespace Mall.Tests.Simulation;

/// <summary>A simulation that finds nothing is to be one that would: each bug that can be planted is found by a seed.</summary>
public sealed class PlantedBugTests(ITestOutputHelper output)
{
    public static TheoryData<string> Names => [.. Mutation.All.Select(planted => planted.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Planted_bug_is_found(string name)
    {
        var planted = Mutation.All.Where(planted => planted.Name == name);
        Assert.Equal(0, new Campaign("mix", TimeSpan.FromMinutes(8), output.WriteLine).Plant(planted, seeds: 100));
    }
}
