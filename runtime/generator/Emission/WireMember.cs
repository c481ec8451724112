using Microsoft.CodeAnalysis;

namespace Mall.Runtime.Generator;

/// <summary>One value that is written as a field: an argument, a result, or a member of a message.</summary>
/// <param name="Name">What it is called in messages to people.</param>
/// <param name="Access">The expression that reads it from the object.</param>
/// <param name="Type">Its type.</param>
/// <param name="Number">The field's number on the wire, from 1.</param>
/// <param name="Serializer">Name of the serializer's field in the generated class.</param>
internal sealed record WireMember(string Name, string Access, ITypeSymbol Type, uint Number, string Serializer)
{
    /// <summary>The local into which it is read.</summary>
    public string Local => $"v{Number}";

    /// <summary>Writes it, unless it is null or what a reader assumes when the field is missing.</summary>
    public void EmitWrite(SourceWriter source)
    {
        var unwrapped = WireTypes.Unwrap(Type);
        if (!SymbolEqualityComparer.Default.Equals(unwrapped, Type)) Emit(source, $"if ({Access} is {{ }} {Local}) ", Local);
        else if (WireTypes.IsImmutableArray(Type)) Emit(source, $"if (!{Access}.IsDefaultOrEmpty) ", Access);
        else if (!Type.IsValueType) Emit(source, $"if ({Access} is not null) ", Access);
        else if (MayBeLeftOut(Type)) Emit(source, $"if ({Access} != default) ", Access);
        else Emit(source, "", Access);
    }

    public void EmitLocal(SourceWriter source)
    {
        var initial = InitialValue();
        var type = initial is null ? Names.Full(Type.WithNullableAnnotation(NullableAnnotation.Annotated)) : Names.Full(Type);
        source.Line($"{type} {Local} = {initial ?? "null"};");
    }

    public void EmitCase(SourceWriter source)
    {
        source.Line($"case {Number}:");
        source.Line($"    {Local} = {Serializer}.Read(ref reader, type);");
        source.Line("    break;");
    }

    /// <summary>The value that was read; throws when it must be there and is not.</summary>
    public string ReadExpression() =>
        InitialValue() is null ? $"{Local} ?? throw reader.Malformed({Names.Literal(Name + " is missing")})" : Local;

    /// <summary>Reads a group of such members into their locals, up to its end mark.</summary>
    public static void EmitReadLoop(SourceWriter source, IReadOnlyList<WireMember> members)
    {
        foreach (var member in members) member.EmitLocal(source);
        using (source.Open("while (reader.TryReadField(out var field, out var type))"))
        {
            if (members.Count == 0)
            {
                source.Line("reader.Skip(type);");
                return;
            }

            using (source.Open("switch (field)"))
            {
                foreach (var member in members) member.EmitCase(source);
                source.Line("default:");
                source.Line("    reader.Skip(type);");
                source.Line("    break;");
            }
        }
    }

    private void Emit(SourceWriter source, string condition, string value) =>
        source.Line($"{condition}{Serializer}.Write(ref writer, {Number}, {value});");

    /// <summary>Null: the member must be sent.</summary>
    private string? InitialValue()
    {
        if (Type is ITypeParameterSymbol) return "default!";
        if (Type.NullableAnnotation == NullableAnnotation.Annotated) return "default";
        if (Type is INamedTypeSymbol named && WireTypes.EmptyValue(named) is { } empty) return empty;
        return Type.IsValueType ? "default" : null;
    }

    /// <summary>Types for which equality with the default means that nothing is lost: not so for -0.0 or 0.00m.</summary>
    private static bool MayBeLeftOut(ITypeSymbol type) =>
        type.TypeKind == TypeKind.Enum
        || type.SpecialType is SpecialType.System_Boolean or SpecialType.System_Char
            or (>= SpecialType.System_SByte and <= SpecialType.System_UInt64)
        || Symbols.Is(type, "System", "TimeSpan");
}
