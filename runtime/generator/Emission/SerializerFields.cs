using Microsoft.CodeAnalysis;

namespace Mall.Runtime.Generator;

/// <summary>The serializers that a generated class uses, one field for each.</summary>
/// <param name="self">
/// The generic message whose serializer the class is, whose fields are then not static; otherwise null.
/// </param>
internal sealed class SerializerFields(INamedTypeSymbol? self = null)
{
    private readonly Dictionary<string, (string Name, string Type)> _fields = [];

    /// <summary>False once a type came up that cannot be sent. The analyzer tells why; nothing is generated.</summary>
    public bool IsComplete { get; private set; } = true;

    /// <summary>The field that holds the serializer of this type.</summary>
    public string For(ITypeSymbol type)
    {
        var unwrapped = WireTypes.Unwrap(type);
        if (WireTypes.Serializer(unwrapped, self) is not { } expression)
        {
            IsComplete = false;
            return "";
        }

        if (expression == "this") return "this";
        if (!_fields.TryGetValue(expression, out var field))
        {
            field = ($"S{_fields.Count}", Names.Full(unwrapped.WithNullableAnnotation(NullableAnnotation.NotAnnotated)));
            _fields.Add(expression, field);
        }

        return field.Name;
    }

    public void EmitFields(SourceWriter source)
    {
        foreach (var field in _fields)
        {
            var initializer = self is null ? $" = {field.Key}" : "";
            var modifier = self is null ? "static " : "";
            var type = $"{Names.Runtime}WireSerializer<{field.Value.Type}>";
            source.Line($"private {modifier}readonly {type} {field.Value.Name}{initializer};");
        }
    }

    /// <summary>In the constructor of a generic message's serializer.</summary>
    public void EmitAssignments(SourceWriter source)
    {
        foreach (var field in _fields) source.Line($"{field.Value.Name} = {field.Key};");
    }
}
