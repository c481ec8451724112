using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;

namespace Mall.Architecture.Tests;

/// <summary>Who may know whom. What is lower knows nothing of what is higher, so each part can be understood alone.</summary>
public sealed class ReferenceTests
{
    /// <summary>What of the mall each may name in its project file.</summary>
    static readonly Dictionary<string, string[]> s_mayName = new()
    {
        ["silo/Mall.Silo.csproj"] = ["Mall.Api", "Mall.Grains", "Mall.GrainInterfaces", "Mall.Ledger"],
        ["api/Mall.Api.csproj"] = ["Mall.GrainInterfaces"],
        ["grains/Mall.Grains.csproj"] = ["Mall.GrainInterfaces", "Mall.Ledger"],
        ["grain-interfaces/Mall.GrainInterfaces.csproj"] = [],
        ["ledger/Mall.Ledger.csproj"] = [],
        ["clients/Mall.Transactions/Mall.Transactions.csproj"] = [],
    };

    /// <summary>What the compiled code of each may use: the above, and what comes through it.</summary>
    static readonly Dictionary<string, string[]> s_mayUse = new()
    {
        ["Mall.Api"] = ["Mall.GrainInterfaces"],
        ["Mall.Grains"] = ["Mall.GrainInterfaces", "Mall.Ledger"],
        ["Mall.GrainInterfaces"] = [],
        ["Mall.Ledger"] = [],
    };

    public static TheoryData<string> ProductionProjects => [.. SourceTree.Projects.Where(p => !IsFree(p))];

    public static TheoryData<string> Assemblies => [.. s_mayUse.Keys];

    [Theory]
    [MemberData(nameof(ProductionProjects))]
    public void ProjectFile_NamesOnlyWhatIsBelow(string project)
    {
        Assert.True(s_mayName.ContainsKey(project), $"{project} is new: decide what it may know, and list it here.");
        var named = XDocument.Parse(SourceTree.Read(project)).Descendants("ProjectReference")
            .Where(r => r.Attribute("OutputItemType")?.Value != "Analyzer") // the compiler's tool; nothing of it is used
            .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')));

        Findings.AssertNone(named.Except(s_mayName[project]));
    }

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void Assembly_UsesOnlyWhatIsBelow(string assembly) =>
        Findings.AssertNone(UsedBy(assembly, "Mall").Except(s_mayUse[assembly]));

    /// <summary>What of Orleans each may use. The ledger knows none of it, and contracts know abstractions only.</summary>
    [Theory]
    [InlineData("Mall.Ledger", "")]
    [InlineData("Mall.GrainInterfaces", "Orleans.Core.Abstractions Orleans.Serialization Orleans.Serialization.Abstractions")]
    public void Assembly_UsesOnlyAbstractionsOfOrleans(string assembly, string allowed) =>
        Findings.AssertNone(UsedBy(assembly, "Orleans").Except(allowed.Split(' ')));

    [Fact]
    public void Solution_HoldsEveryProject()
    {
        var solution = SourceTree.Read("Mall.sln").Replace('\\', '/');

        Findings.AssertNone(SourceTree.Projects.Where(p => !solution.Contains($"\"{p}\"", StringComparison.Ordinal)));
    }

    /// <summary>The assemblies of a family that one uses.</summary>
    static List<string> UsedBy(string assembly, string family)
    {
        using var file = new PEReader(File.OpenRead(Path.Combine(AppContext.BaseDirectory, assembly + ".dll")));
        var metadata = file.GetMetadataReader();
        return
        [
            .. metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name))
                .Where(name => name.StartsWith(family + ".", StringComparison.Ordinal)),
        ];
    }

    /// <summary>Tests, benchmarks and examples may look at everything; nothing may look at them (see above).</summary>
    static bool IsFree(string project) =>
        project.StartsWith("tests/", StringComparison.Ordinal)
        || project.StartsWith("bench/", StringComparison.Ordinal)
        || project.StartsWith("examples/", StringComparison.Ordinal);
}
