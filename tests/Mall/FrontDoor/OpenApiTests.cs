using System.Net;
using System.Text.Json;

namespace Mall.Tests.FrontDoor;

/// <summary>The OpenAPI document: complete, and true to the routes.</summary>
[Collection(nameof(FrontDoorMall))]
public sealed class OpenApiTests(FrontDoorMall door) : IAsyncLifetime
{
    /// <summary>The contract; whoever changes it changes it here as well.</summary>
    private static readonly string[] s_operations =
    [
        "delete /v1/cart", "delete /v1/products/{id}", "delete /v1/sessions/current", "delete /v1/webhooks/{id}",
        "get /health/live", "get /health/ready",
        "get /v1/auth/verify",
        "get /v1/cart",
        "get /v1/cluster",
        "get /v1/events", "get /v1/events/stream",
        "get /v1/orders", "get /v1/orders/{id}", "get /v1/orders/{id}/events",
        "get /v1/payments/{id}",
        "get /v1/products", "get /v1/products/{id}", "get /v1/products/{id}/reviews",
        "get /v1/sagas", "get /v1/sagas/{gid}",
        "get /v1/schedules",
        "get /v1/shops", "get /v1/shops/{id}",
        "get /v1/users/me",
        "get /v1/webhooks", "get /v1/webhooks/{id}",
        "patch /v1/products/{id}",
        "patch /v1/schedules/{name}",
        "patch /v1/webhooks/{id}",
        "post /v1/cart/checkout",
        "post /v1/orders", "post /v1/orders/{id}/cancel", "post /v1/orders/{id}/refund",
        "post /v1/payments", "post /v1/payments/callback",
        "post /v1/products", "post /v1/products/{id}/reviews", "post /v1/products/{id}/stock",
        "post /v1/sagas/{gid}/abort", "post /v1/sagas/{gid}/retry",
        "post /v1/schedules/{name}/run",
        "post /v1/sessions", "post /v1/sessions/refresh",
        "post /v1/shops",
        "post /v1/users",
        "post /v1/webhooks", "post /v1/webhooks/{id}/test",
        "put /v1/cart/items/{productId}",
    ];

    private JsonElement _document;

    public async ValueTask InitializeAsync()
    {
        var answer = await door.Mall.SendAsync("GET", "/openapi/v1.json");
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("application/json", answer.ContentType);
        _document = answer.Json;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public void Document_NamesEveryPathOfTheContractAndNoOther() =>
        Assert.Equal(s_operations, Operations().Select(operation => operation.Name).Order(StringComparer.Ordinal));

    [Fact]
    public void References_AllLeadSomewhere()
    {
        foreach (var reference in References(_document))
        {
            Assert.StartsWith("#/", reference, StringComparison.Ordinal);
            var at = _document;
            foreach (var step in reference[2..].Split('/'))
                Assert.True(at.TryGetProperty(step.Replace("~1", "/", StringComparison.Ordinal), out at), reference);
        }
    }

    [Fact]
    public void Operations_AllSayWhatTheyDoAndHowTheyRefuse()
    {
        foreach (var (name, operation) in Operations())
        {
            Assert.True(operation.GetProperty("summary").GetString()!.Length > 5, name);
            Assert.True(operation.GetProperty("operationId").GetString()!.Length > 5, name);
            var responses = operation.GetProperty("responses").EnumerateObject().ToArray();
            Assert.Contains(responses, response => response.Name[0] == '2');
            foreach (var response in responses)
            {
                Assert.True(response.Value.GetProperty("description").GetString()!.Length > 2, $"{name} {response.Name}");
                if (response.Name[0] is '4' or '5' && !name.Contains("/health/", StringComparison.Ordinal))
                {
                    var problem = response.Value.GetProperty("content").GetProperty("application/problem+json");
                    Assert.Equal("#/components/schemas/Problem", problem.GetProperty("schema").GetProperty("$ref").GetString());
                }
            }
        }
    }

    [Fact]
    public void Bodies_HaveSchemasAndExamplesThatFitThem()
    {
        foreach (var (name, operation) in Operations())
        {
            if (!operation.TryGetProperty("requestBody", out var body)) continue;
            var json = body.GetProperty("content").GetProperty("application/json");
            var schemaName = json.GetProperty("schema").GetProperty("$ref").GetString()!.Split('/')[^1];
            var schema = _document.GetProperty("components").GetProperty("schemas").GetProperty(schemaName);
            var fields = schema.GetProperty("properties").EnumerateObject().Select(field => field.Name).ToArray();
            var example = json.GetProperty("example").EnumerateObject().Select(field => field.Name).ToArray();
            Assert.True(example.Length > 0, name);
            Assert.Empty(example.Except(fields));
            if (schema.TryGetProperty("required", out var required))
                Assert.Empty(required.EnumerateArray().Select(field => field.GetString()!).Except(example));
        }
    }

    [Fact]
    public void Parameters_OfPathsAreAllDescribed()
    {
        foreach (var (name, operation) in Operations())
        {
            var declared =
                from parameter in operation.TryGetProperty("parameters", out var all) ? all.EnumerateArray() : default
                where parameter.GetProperty("in").GetString() == "path"
                select parameter.GetProperty("name").GetString();
            var inPath = name.Split('/').Where(part => part.StartsWith('{')).Select(part => part.Trim('{', '}'));
            Assert.Equal(inPath, declared);
        }
    }

    [Fact]
    public async Task Page_WhenOpened_LoadsFromThisProcessAlone()
    {
        var page = await door.Mall.SendAsync("GET", "/scalar/");
        Assert.Equal("text/html", page.ContentType);
        Assert.DoesNotContain("://", page.Body, StringComparison.Ordinal);
        Assert.StartsWith("default-src 'self'", page.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        foreach (var script in new[] { "scalar.js", "scalar.aspnetcore.js" })
        {
            Assert.Contains(script, page.Body, StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.OK, (await door.Mall.SendAsync("GET", $"/scalar/{script}")).Status);
        }
    }

    /// <summary>The document's word on who may come in is tried on the door itself, without a token.</summary>
    [Fact]
    public async Task Security_IsWhatTheDoorAsksFor()
    {
        foreach (var (name, operation) in Operations())
        {
            if (name == "get /v1/auth/verify") continue; // Open to anybody, and 401 is one of its two answers.
            var method = name.Split(' ')[0].ToUpperInvariant();
            var path = name.Split(' ')[1].Replace("{id}", "1", StringComparison.Ordinal);
            var body = method is "POST" or "PATCH" ? "{}" : null;
            var answer = await door.Mall.SendAsync(method, path, body);
            Assert.Equal(operation.TryGetProperty("security", out _), answer.Status == HttpStatusCode.Unauthorized);
        }
    }

    private IEnumerable<(string Name, JsonElement Operation)> Operations() =>
        from path in _document.GetProperty("paths").EnumerateObject()
        from operation in path.Value.EnumerateObject()
        select ($"{operation.Name} {path.Name}", operation.Value);

    private static IEnumerable<string> References(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(
            field => field.Name == "$ref" ? [field.Value.GetString()!] : References(field.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(References),
        _ => [],
    };
}
