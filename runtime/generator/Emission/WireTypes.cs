using Microsoft.CodeAnalysis;

namespace Mall.Runtime.Generator;

/// <summary>Which types can be sent, and the expression that gives the serializer of one.</summary>
internal static class WireTypes
{
    private static readonly Dictionary<SpecialType, string> Special = new()
    {
        [SpecialType.System_Boolean] = "Boolean",
        [SpecialType.System_Byte] = "Byte",
        [SpecialType.System_SByte] = "SByte",
        [SpecialType.System_Int16] = "Int16",
        [SpecialType.System_UInt16] = "UInt16",
        [SpecialType.System_Int32] = "Int32",
        [SpecialType.System_UInt32] = "UInt32",
        [SpecialType.System_Int64] = "Int64",
        [SpecialType.System_UInt64] = "UInt64",
        [SpecialType.System_Char] = "Char",
        [SpecialType.System_Single] = "Single",
        [SpecialType.System_Double] = "Double",
        [SpecialType.System_Decimal] = "Decimal",
        [SpecialType.System_String] = "String",
        [SpecialType.System_DateTime] = "DateTime",
    };

    private static readonly HashSet<string> Named = ["Guid", "DateTimeOffset", "TimeSpan", "DateOnly", "TimeOnly", "Uri"];

    /// <summary>The serializer's expression, or null when values of the type cannot be sent.</summary>
    /// <param name="type">The type; a nullable value type stands for its value.</param>
    /// <param name="self">The generic message whose serializer is being written: stands for itself as <c>this</c>.</param>
    public static string? Serializer(ITypeSymbol type, INamedTypeSymbol? self = null)
    {
        if (Special.TryGetValue(type.SpecialType, out var special)) return Builtin(special);
        return type switch
        {
            ITypeParameterSymbol parameter => "of" + parameter.Name,
            IArrayTypeSymbol { Rank: 1, ElementType.SpecialType: SpecialType.System_Byte } => Builtin("ByteArray"),
            IArrayTypeSymbol { Rank: 1 } array => Of("ArraySerializer", self, array.ElementType),
            INamedTypeSymbol named => OfNamed(named, self),
            _ => null,
        };
    }

    /// <summary>The type inside a nullable value type, or the type itself.</summary>
    public static ITypeSymbol Unwrap(ITypeSymbol type) =>
        type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable
            ? nullable.TypeArguments[0]
            : type;

    public static bool IsImmutableArray(ITypeSymbol type) => Symbols.Is(type, "System.Collections.Immutable", "ImmutableArray`1");

    /// <summary>
    /// What a member that was not sent reads as, when that is not the default of its type; null when it must be sent.
    /// </summary>
    public static string? EmptyValue(INamedTypeSymbol type)
    {
        if (type.SpecialType == SpecialType.System_String) return "\"\"";
        var arguments = string.Join(", ", type.TypeArguments.Select(Names.Full));
        const string Immutable = "global::System.Collections.Immutable.";
        return type.OriginalDefinition.MetadataName switch
        {
            "ImmutableArray`1" or "IReadOnlyList`1" or "IReadOnlyCollection`1" when InCollections(type) =>
                $"{Immutable}ImmutableArray<{arguments}>.Empty",
            "ImmutableList`1" when InCollections(type) => $"{Immutable}ImmutableList<{arguments}>.Empty",
            "ImmutableHashSet`1" when InCollections(type) => $"{Immutable}ImmutableHashSet<{arguments}>.Empty",
            "ImmutableDictionary`2" or "IReadOnlyDictionary`2" when InCollections(type) =>
                $"{Immutable}ImmutableDictionary<{arguments}>.Empty",
            _ => null,
        };
    }

    private static string? OfNamed(INamedTypeSymbol type, INamedTypeSymbol? self)
    {
        if (type.OriginalDefinition.SpecialType == SpecialType.System_Nullable_T)
            return Of("NullableSerializer", self, type.TypeArguments[0]);
        if (type.TypeKind == TypeKind.Enum) return $"{Names.Runtime}EnumSerializer<{Names.Full(type)}>.Instance";
        if (type.ContainingNamespace?.ToDisplayString() == "System" && Named.Contains(type.Name)) return Builtin(type.Name);
        if (type.IsTupleType && type.TypeArguments.Length is 2 or 3) return Of("TupleSerializer", self, [.. type.TypeArguments]);
        if (Symbols.IsMessage(type)) return OfMessage(type, self);
        if (!InCollections(type)) return null;
        return type.OriginalDefinition.MetadataName switch
        {
            "ImmutableArray`1" when type.TypeArguments[0].SpecialType == SpecialType.System_Byte => Builtin("ImmutableBytes"),
            "ImmutableArray`1" => Of("ImmutableArraySerializer", self, type.TypeArguments[0]),
            "ImmutableList`1" => Of("ImmutableListSerializer", self, type.TypeArguments[0]),
            "ImmutableHashSet`1" => Of("ImmutableHashSetSerializer", self, type.TypeArguments[0]),
            "IReadOnlyList`1" => Of("ReadOnlyListSerializer", self, type.TypeArguments[0]),
            "IReadOnlyCollection`1" => Of("ReadOnlyCollectionSerializer", self, type.TypeArguments[0]),
            "ImmutableDictionary`2" => Of("ImmutableDictionarySerializer", self, [.. type.TypeArguments]),
            "IReadOnlyDictionary`2" => Of("ReadOnlyDictionarySerializer", self, [.. type.TypeArguments]),
            _ => null,
        };
    }

    private static string? OfMessage(INamedTypeSymbol type, INamedTypeSymbol? self)
    {
        if (self is not null && SymbolEqualityComparer.Default.Equals(type, self)) return "this";
        var name = $"global::{Names.GeneratedNamespace(type)}.{Names.Serializer(type)}";
        if (type.TypeArguments.Length == 0) return name + ".Instance";
        return OfArguments(name, self, [.. type.TypeArguments]);
    }

    private static string? Of(string serializer, INamedTypeSymbol? self, params ITypeSymbol[] arguments) =>
        OfArguments(Names.Runtime + serializer, self, arguments);

    private static string? OfArguments(string serializer, INamedTypeSymbol? self, ITypeSymbol[] arguments)
    {
        var inner = arguments.Select(a => Serializer(a, self)).ToArray();
        if (inner.Contains(null)) return null;
        return $"new {serializer}<{string.Join(", ", arguments.Select(Names.Full))}>({string.Join(", ", inner)})";
    }

    private static string Builtin(string name) => $"{Names.Runtime}WireSerializers.{name}";

    private static bool InCollections(INamedTypeSymbol type) =>
        type.ContainingNamespace?.ToDisplayString() is "System.Collections.Immutable" or "System.Collections.Generic";
}
