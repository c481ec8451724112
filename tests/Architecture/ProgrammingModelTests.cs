using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Mall.Architecture.Tests;

/// <summary>The grains are the same source for two runtimes, see docs/decisions/0001.</summary>
public sealed partial class ProgrammingModelTests
{
    const string Runtime = "Mall.Runtime";

    static readonly CSharpParseOptions s_language = new(LanguageVersion.Preview);

    [GeneratedRegex(@"^\s*(global\s+)?using\s+(static\s+)?(Orleans|Mall\.Runtime)\b|\bMall\.Runtime\.|\bOrleans\.")]
    private static partial Regex NamesARuntime { get; }

    public static TheoryData<string> Projects => ["grain-interfaces", "grains"];

    [Fact]
    public void Grains_NameNeitherRuntime()
    {
        var files = SourceTree.CSharp("grains", "grain-interfaces").Where(f => Path.GetFileName(f) != "GlobalUsings.cs");

        Findings.AssertNone(Findings.Of(NamesARuntime, files));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Grains_UseOnlyWhatOrleansHasToo(string project)
    {
        var used = RuntimeSymbolsIn(project);

        Assert.NotEmpty(used); // else nothing was resolved, and nothing would ever be found
        Findings.AssertNone(used.Where(u => !IsInOrleans(u.Symbol)).Select(u => $"{u.Place}: {u.Name}").Distinct());
    }

    /// <summary>
    /// Every symbol of the runtime that the project's own source names or calls. Generated code is not looked at: it belongs to
    /// the runtime that generated it.
    /// </summary>
    static List<(string Place, string Name, ISymbol Symbol)> RuntimeSymbolsIn(string project)
    {
        var sources = SourceTree.CSharp(project).Select(f => CSharpSyntaxTree.ParseText(SourceTree.Read(f), s_language, f));
        var library = new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary);
        var compilation = CSharpCompilation.Create("LookedAt", sources.Append(ImplicitUsings()), References(), library);
        return
        [
            .. from tree in compilation.SyntaxTrees
               let meaning = compilation.GetSemanticModel(tree)
               from name in tree.GetRoot().DescendantNodes().OfType<SimpleNameSyntax>()
               let symbol = meaning.GetSymbolInfo(name).Symbol
               where symbol is not null and not INamespaceSymbol && symbol.ContainingAssembly?.Name == Runtime
               let place = $"{tree.FilePath}:{name.GetLocation().GetLineSpan().StartLinePosition.Line + 1}"
               select (place, NameOf(symbol), symbol),
        ];
    }

    static bool IsInOrleans(ISymbol symbol) => symbol switch
    {
        ITypeParameterSymbol or IParameterSymbol => true,
        INamedTypeSymbol type => OrleansSurface.Types.Contains(type.Name),
        IMethodSymbol { MethodKind: MethodKind.Constructor } => OrleansSurface.Types.Contains(symbol.ContainingType.Name),
        IMethodSymbol { IsExtensionMethod: true } extension => OrleansSurface.Extensions.Contains(extension.Name),
        _ => OrleansSurface.Members.Contains(NameOf(symbol)),
    };

    /// <summary>An attribute's name resolves to its constructor; it is the type that was named.</summary>
    static string NameOf(ISymbol symbol) => symbol switch
    {
        IMethodSymbol { MethodKind: MethodKind.Constructor } => symbol.ContainingType.Name,
        INamedTypeSymbol => symbol.Name,
        _ => $"{symbol.ContainingType?.Name}.{symbol.Name}",
    };

    /// <summary>What the SDK adds to every project, as far as these two need it to resolve names.</summary>
    static SyntaxTree ImplicitUsings() => CSharpSyntaxTree.ParseText(
        """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Threading;
        global using System.Threading.Tasks;
        """,
        s_language);

    /// <summary>Everything that this process could load: the frameworks, and every part of the mall.</summary>
    static IEnumerable<MetadataReference> References() =>
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(file => Path.GetFileName(file) is not ("Mall.Grains.dll" or "LookedAt.dll"))
            .Select(file => MetadataReference.CreateFromFile(file));
}
