using Mall.Tests.Cluster;
using Mall.Tests.Crash;
using Mall.Tests.Cuts;
using Mall.Tests.Installations;
using Mall.Tests.Simulation;
using Mall.TestServers;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]
[assembly: AssemblyFixture(typeof(SharedServers))]

namespace Mall.Tests.Installations;

/// <summary>Those that take minutes begin first: none of them is to run alone at the end, while a core does nothing.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly Type[] s_long =
    [
        typeof(NetworkCuts), typeof(RunTests), typeof(PlantedBugTests), typeof(ReadinessTests), typeof(ClusterStartTests),
        typeof(KillTests),
    ];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(
        IReadOnlyCollection<TTestCollection> testCollections) where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(IsShort)];

    private static bool IsShort<T>(T collection) where T : ITestCollection =>
        !Array.Exists(s_long, type => collection.TestCollectionDisplayName.Contains(type.FullName!, StringComparison.Ordinal));
}
