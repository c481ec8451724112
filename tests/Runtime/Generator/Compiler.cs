using System.Collections.Immutable;
using Mall.Runtime.Generator;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Mall.Runtime.Tests.Generator;

/// <summary>
/// Compiles a snippet with the generator and the analyzer, as a build does. In snippets <c>[Message]</c> is short for the two
/// attributes of a message, and <c>IText</c> for the interface of a grain with a string key.
/// </summary>
internal static class Compiler
{
    private const string Usings = """
        using System;
        using System.Collections.Generic;
        using System.Collections.Immutable;
        using System.Threading;
        using System.Threading.Tasks;
        using Mall.Runtime;
        using IText = Mall.Runtime.IGrainWithStringKey;

        """;

    private static readonly ImmutableArray<MetadataReference> References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(p => (MetadataReference)MetadataReference.CreateFromFile(p)),
    ];

    /// <summary>
    /// What the compiler, the generator and the analyzer say, as "id: message"; hidden and informational diagnostics left out.
    /// </summary>
    public static async Task<ImmutableArray<string>> Diagnose(string source)
    {
        var (compilation, fromGenerator) = Generate(source);
        var analyzed = await compilation
            .WithAnalyzers([new GrainModelAnalyzer()])
            .GetAllDiagnosticsAsync(TestContext.Current.CancellationToken);
        return
        [
            .. fromGenerator.Concat(analyzed)
                .Where(d => d.Severity >= DiagnosticSeverity.Warning && !d.IsSuppressed)
                .Select(d => $"{d.Id}: {d.GetMessage(null)}")
                .Distinct()
                .Order(),
        ];
    }

    /// <summary>The generated files by name.</summary>
    public static ImmutableDictionary<string, string> Sources(string source)
    {
        var (compilation, _) = Generate(source);
        return compilation.SyntaxTrees.Skip(1).ToImmutableDictionary(t => Path.GetFileName(t.FilePath), t => t.ToString());
    }

    /// <summary>How the incremental steps of a second run ended, after a change elsewhere in the source.</summary>
    public static ImmutableArray<IncrementalStepRunReason> RerunAfterUnrelatedChange(string source)
    {
        var compilation = Create(source);
        var options = new GeneratorDriverOptions(IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: true);
        GeneratorDriver driver = CSharpGeneratorDriver.Create([new GrainGenerator().AsSourceGenerator()], driverOptions: options);
        driver = driver.RunGenerators(compilation, TestContext.Current.CancellationToken);
        var changed = compilation.AddSyntaxTrees(CSharpSyntaxTree.ParseText("class Unrelated { int x; }"));
        var result = driver.RunGenerators(changed, TestContext.Current.CancellationToken).GetRunResult().Results.Single();
        return [.. result.TrackedOutputSteps.SelectMany(s => s.Value).SelectMany(s => s.Outputs).Select(o => o.Reason)];
    }

    private static (Compilation Compilation, ImmutableArray<Diagnostic> Diagnostics) Generate(string source)
    {
        GeneratorDriver driver = CSharpGeneratorDriver.Create(new GrainGenerator());
        driver.RunGeneratorsAndUpdateCompilation(
            Create(source), out var compilation, out var diagnostics, TestContext.Current.CancellationToken);
        return (compilation, diagnostics);
    }

    private static CSharpCompilation Create(string source) => CSharpCompilation.Create(
        "Snippet", [CSharpSyntaxTree.ParseText(
            Usings + source.Replace("[Message", "[GenerateSerializer, Immutable", StringComparison.Ordinal))], References,
        new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
}
