using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Scalar.AspNetCore;

namespace Mall.Api.OpenApi;

/// <summary>
/// The OpenAPI document at <c>/openapi/v1.json</c>, made from the endpoints and their handlers' comments, and a page to try the
/// API at <c>/scalar</c>.
/// </summary>
internal static class MallDocument
{
    private const string Name = "v1";
    private const string Bearer = "bearer";

    public static void AddMallDocument(this IServiceCollection services)
    {
        services.Configure<JsonOptions>(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default);
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
        });
        services.AddOpenApi("v1", document =>
        {
            document.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            document.ShouldInclude = endpoint => endpoint.ActionDescriptor.EndpointMetadata.OfType<RestEndpoint>().Any();
            document.CreateSchemaReferenceId = type =>
                OpenApiOptions.CreateDefaultSchemaReferenceId(type) is { } id ? PlainName(id) : null;
            document.AddDocumentTransformer(DescribeDocument);
            document.AddSchemaTransformer<SchemaDescriber>();
            document.AddOperationTransformer(DescribeOperation);
        });
    }

    public static void MapMallDocument(this IEndpointRouteBuilder routes)
    {
        // Made once: the routes do not change any more, and making it costs as much as many orders.
        byte[]? made = null;
        routes.MapGet($"/openapi/{Name}.json", async (HttpContext http) =>
        {
            made ??= await Make(http.RequestServices, http.RequestAborted); // Two that race make the same.
            LargeAnswers.Admit(http, made.Length);
            return TypedResults.Bytes(made, Answer.Json);
        }).ExcludeFromDescription().DisableRateLimiting(); // Larger than a socket takes at once: its reader may be slow.

        routes.MapGet("/", () => TypedResults.Redirect("/scalar")).ExcludeFromDescription(); // Whoever types the address alone.

        // Whoever opens the page sees what this process serves and asks nobody else for anything; the policy makes sure of it.
        routes.MapScalarApiReference(
            "/scalar", page => page.WithTitle("Mall").AddPreferredSecuritySchemes(Bearer).DisableDefaultFonts().DisableTelemetry()
                .DisableAgent().DisableMcp().HideDeveloperTools().HideClientButton())
            .DisableRateLimiting().AddEndpointFilter(async (call, next) =>
            {
                call.HttpContext.Response.Headers.ContentSecurityPolicy =
                    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'none'";
                return await next(call);
            });
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
        document.Components.SecuritySchemes[Bearer] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = Bearer,
            BearerFormat = "JWT",
            Description = "The accessToken of POST /v1/sessions.",
        };
        return Task.CompletedTask;
    }

    /// <summary>Who may call it, and what an idempotency key is.</summary>
    private static Task DescribeOperation(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<RestEndpoint>().Any(rest => !rest.IsOpen))
            operation.Security = [new() { [new OpenApiSecuritySchemeReference(Bearer, context.Document)] = [] }];
        if (operation.Parameters?.FirstOrDefault(p => p.Name == IdempotencyKeys.HeaderName) is OpenApiParameter key)
        {
            key.Description = "1 to 128 visible ASCII characters. The same user and key always get the first answer; "
                + "another request under the key is refused with 100007.";
        }

        return Task.CompletedTask;
    }
}
