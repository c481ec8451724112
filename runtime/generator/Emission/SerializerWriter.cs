using Microsoft.CodeAnalysis;

namespace Mall.Runtime.Generator;

/// <summary>Writes the serializer of one message type.</summary>
internal static class SerializerWriter
{
    /// <summary>The source, or null when the type breaks a rule or needs none (an enum); the analyzer tells which.</summary>
    public static string? Write(INamedTypeSymbol message)
    {
        if (message.TypeKind == TypeKind.Enum || !Symbols.IsReachable(message)) return null;
        if (message.ContainingType is { IsGenericType: true }) return null;
        var source = SourceWriter.ForFile();
        var space = source.Open($"namespace {Names.GeneratedNamespace(message)}");
        var written = message.IsAbstract ? EmitFamily(source, message) : EmitMessage(source, message);
        space.Dispose();
        return written ? source.ToString() : null;
    }

    private static bool EmitMessage(SourceWriter source, INamedTypeSymbol message)
    {
        var shape = MessageShape.Of(message);
        var fields = new SerializerFields(message.IsGenericType ? message : null);
        var members = shape.Members
            .Select(m => new WireMember(m.Name, $"value.{m.Name}", m.Type, m.Number, fields.For(m.Type)))
            .ToList();
        if (!fields.IsComplete || shape.IsBroken) return false;

        using var type = OpenSerializer(source, message, fields);
        using (OpenWrite(source, message))
        {
            if (message is { IsValueType: false, IsSealed: false })
            {
                source.Line($"if (value.GetType() != typeof({Names.ForTypeof(message)}))");
                source.Line($"    {Throw($"{{value.GetType()}} is sent as {message.Name}, which is not abstract.")}");
            }

            source.Line($"writer.WriteTag(field, {Names.Runtime}WireType.Group);");
            foreach (var member in members) member.EmitWrite(source);
            source.Line("writer.WriteEndGroup();");
        }

        using (OpenRead(source, message))
        {
            source.Line("reader.EnterGroup(group);");
            WireMember.EmitReadLoop(source, members);
            source.Line("reader.LeaveGroup();");
            source.Line($"return {shape.Construction(members)};");
        }

        return true;
    }

    /// <summary>
    /// An abstract message is written as one of the messages that derive from it: field 1 tells which, field 2 is it.
    /// </summary>
    private static bool EmitFamily(SourceWriter source, INamedTypeSymbol family)
    {
        var heirs = MessageShape.Heirs(family).ToList();
        if (family.IsGenericType || heirs.Count == 0) return false;
        var fields = new SerializerFields();
        using var type = OpenSerializer(source, family, fields);
        using (OpenWrite(source, family))
        {
            source.Line($"writer.WriteTag(field, {Names.Runtime}WireType.Group);");
            using (source.Open("switch (value)"))
            {
                foreach (var heir in heirs)
                {
                    source.Line($"case {Names.Full(heir)} heir:");
                    source.Line($"    writer.WriteTag(1, {Names.Runtime}WireType.Fixed32);");
                    source.Line($"    writer.WriteFixed32({Mark(heir)});");
                    source.Line($"    {WireTypes.Serializer(heir)}.Write(ref writer, 2, heir);");
                    source.Line("    break;");
                }

                source.Line($"default: {Throw("{value.GetType()} has no serializer.")}");
            }

            source.Line("writer.WriteEndGroup();");
        }

        EmitReadFamily(source, family, heirs);
        return true;
    }

    private static void EmitReadFamily(SourceWriter source, INamedTypeSymbol family, List<INamedTypeSymbol> heirs)
    {
        using var read = OpenRead(source, family);
        source.Line("reader.EnterGroup(group);");
        source.Line("uint mark = 0;");
        source.Line($"{Names.Full(family)}? value = null;");
        using (source.Open("while (reader.TryReadField(out var field, out var type))"))
        {
            source.Line("if (field == 1) mark = reader.ReadFixed32(type);");
            source.Line("else if (field != 2) reader.Skip(type);");
            using (source.Open("else value = mark switch", "};"))
            {
                foreach (var heir in heirs) source.Line($"{Mark(heir)} => {WireTypes.Serializer(heir)}.Read(ref reader, type),");
                source.Line($"_ => throw reader.Malformed(\"unknown kind of {family.Name}\"),");
            }
        }

        source.Line("reader.LeaveGroup();");
        source.Line("return value ?? throw reader.Malformed(\"empty\");");
    }

    private static SourceWriter.Block OpenWrite(SourceWriter source, INamedTypeSymbol message) =>
        source.Open($"public override void Write(ref {Names.Runtime}WireWriter writer, uint field, {Names.Full(message)} value)");

    private static SourceWriter.Block OpenRead(SourceWriter source, INamedTypeSymbol message)
    {
        var parameters = $"ref {Names.Runtime}WireReader reader, {Names.Runtime}WireType group";
        return source.Open($"public override {Names.Full(message)} Read({parameters})");
    }

    private static string Throw(string message) => $"throw new {Names.Runtime}WireFormatException($\"{message}\");";

    private static SourceWriter.Block OpenSerializer(SourceWriter source, INamedTypeSymbol message, SerializerFields fields)
    {
        var access = Symbols.IsPublic(message) ? "public" : "internal";
        var name = Names.Serializer(message);
        var parameters = message.IsGenericType ? $"<{string.Join(", ", message.TypeParameters.Select(p => p.Name))}>" : "";
        var parent = $"{Names.Runtime}WireSerializer<{Names.Full(message)}>";
        var type = source.Open($"{access} sealed class {name}{parameters} : {parent}{Constraints(message)}");
        if (message.IsGenericType)
        {
            fields.EmitFields(source);
            var arguments = string.Join(
                ", ", message.TypeParameters.Select(p => $"{Names.Runtime}WireSerializer<{p.Name}> of{p.Name}"));
            using (source.Open($"public {name}({arguments})")) fields.EmitAssignments(source);
        }
        else
        {
            // First of the static fields: the serializers of messages that contain each other find it set.
            source.Line($"public static readonly {name} Instance = new();");
            fields.EmitFields(source);
            source.Line($"public override string TypeName => {Names.Literal(Names.OnWire(message))};");
        }

        return type;
    }

    private static string Constraints(INamedTypeSymbol message) => string.Concat(message.TypeParameters.Select(p =>
    {
        List<string> parts = [];
        if (p.HasReferenceTypeConstraint) parts.Add("class");
        if (p.HasUnmanagedTypeConstraint) parts.Add("unmanaged");
        else if (p.HasValueTypeConstraint) parts.Add("struct");
        if (p.HasNotNullConstraint) parts.Add("notnull");
        parts.AddRange(p.ConstraintTypes.Select(Names.Full));
        if (p.HasConstructorConstraint) parts.Add("new()");
        return parts.Count == 0 ? "" : $" where {p.Name} : {string.Join(", ", parts)}";
    }));

    private static string Mark(INamedTypeSymbol heir) => $"0x{(uint)Names.Hash(Names.OnWire(heir)):x8}U";
}
