using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Mall.Api.OpenApi;

/// <summary>
/// Says of a body's fields what the serializer's types cannot: every field of an input is nullable in C#, so that one that is
/// missing can be named, and fields without a value are left out of answers. In the document a field is there or it is not; only
/// the fields that are always written may be null.
/// </summary>
internal sealed class SchemaDescriber : IOpenApiSchemaTransformer
{
    public Task TransformAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.JsonPropertyInfo is not null || context.JsonTypeInfo.Kind != JsonTypeInfoKind.Object)
            return Task.CompletedTask;
        var isAnswer = context.JsonTypeInfo.Type.Name.EndsWith("Answer", StringComparison.Ordinal);
        foreach (var property in context.JsonTypeInfo.Properties)
        {
            if (!IsNullable(schema, property.Name, out var field) || IsAlwaysWritten(property))
                continue;
            field.Type &= ~JsonSchemaType.Null;
            if (isAnswer)
                schema.Required?.Remove(property.Name);
        }

        return Task.CompletedTask;
    }

    private static bool IsNullable(OpenApiSchema schema, string name, out OpenApiSchema field)
    {
        IOpenApiSchema? found = null;
        schema.Properties?.TryGetValue(name, out found);
        field = found as OpenApiSchema ?? new OpenApiSchema();
        return field.Type?.HasFlag(JsonSchemaType.Null) == true;
    }

    private static bool IsAlwaysWritten(JsonPropertyInfo property) =>
        property.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: false)
            is [JsonIgnoreAttribute { Condition: JsonIgnoreCondition.Never }];
}
