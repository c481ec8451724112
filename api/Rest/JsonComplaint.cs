namespace Mall.Api.Rest;

/// <summary>
/// What is wrong with JSON that could not be read. The serializer's words name our types and repeat the input: clients get the
/// field's name and our words.
/// </summary>
internal static class JsonComplaint
{
    private const int MaxField = 64;

    /// <param name="type">What it was to be read as.</param>
    /// <returns>Null when no field can be named: it is the whole that is wrong.</returns>
    public static FieldError? Of(JsonException wrong, JsonTypeInfo type)
    {
        var field = wrong.Path is { Length: > 2 } path && path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : "";
        if (field.Length is 0 or > MaxField)
            return null;
        var end = 0;
        foreach (var name in field.Split('.', '['))
        {
            if (type.Kind == JsonTypeInfoKind.Dictionary && end > 0)
            {
                field = field[..(end - 1)]; // A client's own names: the field is what they are in.
                break;
            }

            end += name.Length + 1;
            if (Inner(type, name) is not { } inner || !type.Options.TryGetTypeInfo(inner, out var known))
                return new FieldError(field, "is not a field of this request");
            type = known;
        }

        return new FieldError(field, $"must be {WordFor(type)}, given once");
    }

    private static Type? Inner(JsonTypeInfo type, string name)
    {
        var comparison = type.Options.PropertyNameCaseInsensitive ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
        return type.ElementType ?? type.Properties.FirstOrDefault(p => p.Name.Equals(name, comparison))?.PropertyType;
    }

    private static string WordFor(JsonTypeInfo type) => type.Kind switch
    {
        JsonTypeInfoKind.Dictionary when type.ElementType == typeof(string) => "an object of texts",
        JsonTypeInfoKind.Dictionary when type.ElementType!.IsGenericType => "an object of lists",
        JsonTypeInfoKind.Object or JsonTypeInfoKind.Dictionary => "an object",
        JsonTypeInfoKind.Enumerable => "a list",
        _ when type.Type == typeof(string) => "a text",
        _ when type.Type == typeof(byte[]) => "a text in base64",
        _ when type.Type == typeof(bool?) => "true or false",
        _ => $"a whole number without decimals or exponent, within {ExactNumbers.Max}",
    };
}
