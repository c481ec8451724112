using System.Text;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Mall.Api.OpenApi;

/// <summary>The OpenAPI document at <c>/openapi/v1.json</c>.</summary>
internal static class MallDocument
{
    private const string Name = "v1";

    public static IServiceCollection AddMallDocument(this IServiceCollection services)
    {
        services.Configure<JsonOptions>(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default);
            json.SerializerOptions.NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.Strict;
        });
        return services.AddOpenApi(Name, document =>
        {
            document.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            document.CreateSchemaReferenceId = type =>
                OpenApiOptions.CreateDefaultSchemaReferenceId(type) is { } id ? PlainName(id) : null;
            document.AddDocumentTransformer(DescribeDocument);
            document.AddSchemaTransformer<SchemaDescriber>();
            document.AddOperationTransformer<OperationDescriber>();
        });
    }

    /// <summary>
    /// Serves the document, made once: the routes do not change any more, and making it costs as much as many orders.
    /// </summary>
    public static void MapMallDocument(this IEndpointRouteBuilder routes)
    {
        byte[]? made = null;
        routes.MapGet($"/openapi/{Name}.json", async (HttpContext http) =>
        {
            made ??= await Make(http.RequestServices, http.RequestAborted); // Two that race make the same.
            http.Response.ContentType = "application/json";
            http.Response.ContentLength = made.Length;
            await http.Response.BodyWriter.WriteAsync(made, http.RequestAborted);
        }).ExcludeFromDescription();
    }

    private static async Task<byte[]> Make(IServiceProvider services, CancellationToken cancellationToken)
    {
        var provider = services.GetRequiredKeyedService<IOpenApiDocumentProvider>(Name);
        var document = await provider.GetOpenApiDocumentAsync(cancellationToken);
        return Encoding.UTF8.GetBytes(await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1, cancellationToken));
    }

    /// <summary>Readers of the document know an Order, not an OrderAnswer.</summary>
    private static string PlainName(string id) => id.EndsWith("Answer", StringComparison.Ordinal) ? id[..^"Answer".Length] : id;

    private static Task DescribeDocument(
        OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Mall",
            Version = Name,
            Description =
                "Money is in minor units (cents), times are UTC. Whatever is refused is refused with problem details (RFC 9457) "
                + "that carry a six-digit code.",
        };
        document.Servers = [new OpenApiServer { Url = "/" }];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
        document.Components.SecuritySchemes[OperationDescriber.Bearer] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            BearerFormat = "JWT",
            Description = "The accessToken of POST /v1/sessions.",
        };
        return Task.CompletedTask;
    }
}
