using Microsoft.CodeAnalysis;

namespace Mall.Runtime.Generator;

/// <summary>Rules about the types of members, parameters and results.</summary>
internal static class TypeRules
{
    /// <summary>A collection in the type, itself or inside, that whoever holds it can change; null when there is none.</summary>
    public static ITypeSymbol? FindMutable(ITypeSymbol type) => type switch
    {
        IArrayTypeSymbol => type,
        INamedTypeSymbol named when IsMutableCollection(named) => type,
        INamedTypeSymbol named => named.TypeArguments.Select(FindMutable).FirstOrDefault(t => t is not null),
        _ => null,
    };

    /// <summary>The innermost part of the type that cannot be serialized; null when all can.</summary>
    public static ITypeSymbol? FindNotSerializable(ITypeSymbol type)
    {
        var unwrapped = WireTypes.Unwrap(type);
        if (WireTypes.Serializer(unwrapped) is not null) return null;
        return unwrapped is INamedTypeSymbol named
            ? named.TypeArguments.Select(FindNotSerializable).FirstOrDefault(t => t is not null) ?? type
            : type;
    }

    private static bool IsMutableCollection(INamedTypeSymbol type)
    {
        if (type.ContainingNamespace?.ToDisplayString() is "System.Collections.Immutable" or "System.Collections.Frozen")
            return false;
        return IsCollection(type) || type.AllInterfaces.Any(IsCollection);
    }

    private static bool IsCollection(INamedTypeSymbol type) =>
        Symbols.Is(type, "System.Collections.Generic", "ICollection`1") || Symbols.Is(type, "System.Collections", "ICollection");
}
