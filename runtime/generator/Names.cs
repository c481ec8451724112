using System.Text;
using Microsoft.CodeAnalysis;

namespace Mall.Runtime.Generator;

/// <summary>
/// Names of generated types, which other assemblies' generated code must be able to predict, and ids on the wire.
/// </summary>
internal static class Names
{
    public const string Runtime = "global::Mall.Runtime.";

    private static readonly SymbolDisplayFormat FullFormat = SymbolDisplayFormat.FullyQualifiedFormat
        .WithMiscellaneousOptions(
            SymbolDisplayMiscellaneousOptions.UseSpecialTypes | SymbolDisplayMiscellaneousOptions.EscapeKeywordIdentifiers
            | SymbolDisplayMiscellaneousOptions.IncludeNullableReferenceTypeModifier);

    private static readonly SymbolDisplayFormat PlainFormat = SymbolDisplayFormat.FullyQualifiedFormat
        .WithGlobalNamespaceStyle(SymbolDisplayGlobalNamespaceStyle.Omitted)
        .WithMiscellaneousOptions(SymbolDisplayMiscellaneousOptions.None);

    /// <summary>The type as code writes it, nullable annotations included.</summary>
    public static string Full(ITypeSymbol type) => type.ToDisplayString(FullFormat);

    /// <summary>The type as code writes it after typeof.</summary>
    public static string ForTypeof(ITypeSymbol type) => Full(type.WithNullableAnnotation(NullableAnnotation.None));

    /// <summary>Namespace of what is generated for a type.</summary>
    public static string GeneratedNamespace(INamedTypeSymbol type) =>
        type.ContainingNamespace.IsGlobalNamespace ? "MallGenerated" : "MallGenerated."
            + type.ContainingNamespace.ToDisplayString();

    /// <summary>The type's name with those of the types around it.</summary>
    public static string Flat(INamedTypeSymbol type) =>
        type.ContainingType is { } outer ? Flat(outer) + "_" + type.Name : type.Name;

    public static string Proxy(INamedTypeSymbol grainInterface) => Flat(grainInterface) + "_Proxy";

    public static string Serializer(INamedTypeSymbol message) =>
        Flat(message) + (message.Arity == 0 ? "" : message.Arity.ToString()) + "_Serializer";

    /// <summary>Name of the request class of a method; overloads are told apart by a hash of their parameters.</summary>
    public static string Request(INamedTypeSymbol owner, IMethodSymbol method)
    {
        var name = $"{Flat(owner)}_{method.Name}";
        var overloaded = method.ContainingType.GetMembers(method.Name).Length > 1;
        return overloaded ? $"{name}_{(uint)Hash(Parameters(method)):x8}" : name;
    }

    /// <summary>Name of a type on the wire.</summary>
    public static string OnWire(INamedTypeSymbol type) => Symbols.Alias(type) ?? PlainName(type);

    /// <summary>Id of a method on the wire: of interface, method and parameters by name, unless aliases say otherwise.</summary>
    public static ulong MethodId(INamedTypeSymbol owner, IMethodSymbol method) =>
        Hash($"{OnWire(owner)}.{Symbols.Alias(method) ?? $"{method.Name}({Parameters(method)})"}");

    /// <summary>FNV-1a, 64 bits.</summary>
    public static ulong Hash(string text)
    {
        var hash = 14695981039346656037UL;
        foreach (var b in Encoding.UTF8.GetBytes(text)) hash = unchecked((hash ^ b) * 1099511628211UL);
        return hash;
    }

    public static string Literal(string text) => Microsoft.CodeAnalysis.CSharp.SymbolDisplay.FormatLiteral(text, quote: true);

    private static string PlainName(INamedTypeSymbol type)
    {
        var name = type.OriginalDefinition.MetadataName;
        for (var outer = type.ContainingType; outer is not null; outer = outer.ContainingType)
            name = $"{outer.MetadataName}+{name}";
        return type.ContainingNamespace.IsGlobalNamespace ? name : $"{type.ContainingNamespace.ToDisplayString()}.{name}";
    }

    private static string Parameters(IMethodSymbol method) =>
        string.Join(",", method.Parameters.Select(p => p.Type.ToDisplayString(PlainFormat)));
}
