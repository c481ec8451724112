using System.Collections.Immutable;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Mall.Runtime.Generator;

/// <summary>
/// Writes, for every grain interface, a reference class and a request class per method; for every message a serializer; and for
/// the assembly a manifest of them. What breaks a rule of the programming model is left out here and reported by the
/// <see cref="GrainModelAnalyzer"/>.
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class GrainGenerator : IIncrementalGenerator
{
    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var interfaces = context.SyntaxProvider.CreateSyntaxProvider(
            static (node, _) => node is InterfaceDeclarationSyntax { BaseList: not null },
            static (c, token) =>
                DeclaredHere(c, token) is { } type && Symbols.IsGrainInterface(type) ? ForInterface(type) : null);
        var classes = context.SyntaxProvider.CreateSyntaxProvider(
            static (node, _) => node is ClassDeclarationSyntax { BaseList: not null },
            static (c, token) => DeclaredHere(c, token) is { } type && Symbols.IsReachable(type) ? ForClass(type) : null);
        var messages = context.SyntaxProvider.ForAttributeWithMetadataName(
            "Mall.Runtime.GenerateSerializerAttribute",
            static (_, _) => true,
            static (c, _) => ForMessage((INamedTypeSymbol)c.TargetSymbol));

        Register(context, interfaces);
        Register(context, messages);
        var lines = interfaces.Collect().Combine(classes.Collect()).Combine(messages.Collect())
            .Select(static (all, _) => Manifest(all.Left.Left, all.Left.Right, all.Right));
        var assembly = context.CompilationProvider.Select(static (c, _) => c.AssemblyName ?? "Assembly");
        context.RegisterSourceOutput(lines.Combine(assembly), static (output, pair) =>
        {
            if (pair.Left.Length == 0) return;
            output.AddSource("TypeManifest.g.cs", SourceText.From(ManifestWriter.Write(pair.Right, pair.Left), Encoding.UTF8));
        });
    }

    private static void Register(
        IncrementalGeneratorInitializationContext context, IncrementalValuesProvider<GeneratedType?> types) =>
        context.RegisterSourceOutput(types, static (output, type) =>
        {
            if (type is { Source: { } source }) output.AddSource(type.FileName, SourceText.From(source, Encoding.UTF8));
        });

    /// <summary>The declared type, once for all parts of a partial one.</summary>
    private static INamedTypeSymbol? DeclaredHere(GeneratorSyntaxContext context, CancellationToken token)
    {
        if (context.SemanticModel.GetDeclaredSymbol(context.Node, token) is not INamedTypeSymbol type) return null;
        var first = type.DeclaringSyntaxReferences.Select(r => r.GetSyntax(token))
            .FirstOrDefault(n => n is TypeDeclarationSyntax { BaseList: not null });
        return first == context.Node ? type : null;
    }

    private static GeneratedType? ForInterface(INamedTypeSymbol type) =>
        ProxyWriter.Write(type) is { } source ? new GeneratedType(FileName(type), source, ManifestWriter.InterfaceLine(type))
            : null;

    private static GeneratedType? ForClass(INamedTypeSymbol type)
    {
        if (Symbols.IsGrainClass(type)) return new GeneratedType(FileName(type), null, ManifestWriter.GrainLine(type));
        return ManifestWriter.ExceptionLine(type) is { } line ? new GeneratedType(FileName(type), null, line) : null;
    }

    private static GeneratedType? ForMessage(INamedTypeSymbol type) =>
        !Symbols.IsException(type) && SerializerWriter.Write(type) is { } source
            ? new GeneratedType(FileName(type), source, type.IsGenericType ? "" : ManifestWriter.SerializerLine(type))
            : null;

    private static string FileName(INamedTypeSymbol type) =>
        $"{Names.GeneratedNamespace(type)}.{Names.Flat(type)}{(type.Arity == 0 ? "" : $"_{type.Arity}")}.g.cs";

    private static string Manifest(params ImmutableArray<GeneratedType?>[] types) =>
        string.Join("\n", types.SelectMany(t => t).Select(t => t?.ManifestLine).Where(l => !string.IsNullOrEmpty(l))
            .OrderBy(l => l, StringComparer.Ordinal));
}
