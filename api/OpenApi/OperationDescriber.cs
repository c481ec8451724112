using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Mall.Api.OpenApi;

/// <summary>
/// Puts what an endpoint's <see cref="Operation"/> says into the OpenAPI document: words, parameters, security, refusals.
/// </summary>
internal sealed class OperationDescriber : IOpenApiOperationTransformer
{
    public const string Bearer = "bearer";

    /// <summary>What any endpoint may answer, whatever it does.</summary>
    private static readonly int[] s_everywhere =
    [
        ErrorCodes.BadParameter,
        ErrorCodes.Internal,
        ErrorCodes.StorageUnavailable,
        ErrorCodes.TooManyRequests,
        ErrorCodes.TimedOut,
    ];

    private static readonly (string, string)[] s_badBodies =
    [
        ("413", $"{ErrorCodes.BadParameter}: The body is too large"),
        ("415", $"{ErrorCodes.BadParameter}: The body is not application/json in UTF-8"),
    ];

    public async Task TransformAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<Operation>().FirstOrDefault() is not { } described)
            return;
        operation.Summary = described.Summary;
        operation.Description = described.Details;
        operation.Parameters = [.. described.Parameters.Select(Parameter)];
        foreach (var answer in described.AnswersGiven)
            operation.Responses![Number(answer.Status)].Description = answer.Description;
        if (described.Access != Access.Open)
            operation.Security = [new() { [new OpenApiSecuritySchemeReference(Bearer, context.Document)] = [] }];

        if (operation.RequestBody?.Content is { } bodies && described.BodyExample is { } example)
            bodies["application/json"].Example = JsonNode.Parse(example);

        var problem = await context.GetOrCreateSchemaAsync(typeof(ProblemAnswer), cancellationToken: cancellationToken);
        context.Document!.AddComponent("Problem", problem);
        foreach (var (status, description) in Refusals(described))
            operation.Responses![status] = Refusal(description, context.Document);
    }

    private static OpenApiParameter Parameter(OperationParameter parameter) => new()
    {
        Name = parameter.Name,
        In = parameter.In switch
        {
            "path" => ParameterLocation.Path,
            "query" => ParameterLocation.Query,
            _ => ParameterLocation.Header,
        },
        Required = parameter.In == "path",
        Description = parameter.Description,
        Schema = parameter.Type switch
        {
            "integer" => new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64" },
            "boolean" => new OpenApiSchema { Type = JsonSchemaType.Boolean },
            _ => new OpenApiSchema { Type = JsonSchemaType.String },
        },
    };

    private static IEnumerable<(string Status, string Description)> Refusals(Operation described)
    {
        IEnumerable<int> codes = described.IsAlwaysAdmitted ? [ErrorCodes.Internal] : [.. s_everywhere, .. described.Refusals];
        if (described.Access != Access.Open)
            codes = codes.Append(ErrorCodes.Unauthenticated);
        if (described.Access == Access.Operator)
            codes = codes.Append(ErrorCodes.Forbidden);
        var byStatus =
            from kind in codes.Distinct().Select(ProblemKind.Of)
            group $"{kind.Code}: {kind.Title}" by kind.HttpStatus into status
            select (Number(status.Key), string.Join("; ", status));
        return described.TakesBody ? byStatus.Concat(s_badBodies) : byStatus;
    }

    private static OpenApiResponse Refusal(string description, OpenApiDocument document) => new()
    {
        Description = description,
        Content = new Dictionary<string, OpenApiMediaType>
        {
            [ProblemWriter.ContentType] = new OpenApiMediaType { Schema = new OpenApiSchemaReference("Problem", document) },
        },
    };

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
