using Mall.Api.OpenApi;

namespace Mall.Api.Rest;

/// <summary>Serves a request that anybody may send.</summary>
internal delegate Task OpenHandler(HttpContext http);

/// <summary>Serves a request of a caller who has shown a good token.</summary>
internal delegate Task CallerHandler(HttpContext http, Caller caller);

/// <summary>
/// A group of REST endpoints of one feature. A handler that wants a caller can be mapped only together with the check that there
/// is one, and the same word that makes the check puts it into the OpenAPI document.
/// </summary>
/// <remarks>Handlers are plain request delegates: nothing is bound by reflection, and their first lines show what they
/// read.</remarks>
internal sealed class RestRoutes(IEndpointRouteBuilder routes, TokenGate gate, string prefix, string tag)
{
    public Operation Open(string method, string pattern, OpenHandler handler) =>
        Map(method, pattern, Access.Open, handler.Method, new RequestDelegate(handler));

    public Operation User(string method, string pattern, CallerHandler handler) =>
        Guarded(method, pattern, Access.User, handler);

    public Operation Operator(string method, string pattern, CallerHandler handler) =>
        Guarded(method, pattern, Access.Operator, handler);

    private Operation Guarded(string method, string pattern, Access access, CallerHandler handler) => Map(
        method,
        pattern,
        access,
        handler.Method,
        async http => await handler(http, await gate.Authenticate(http, access)));

    /// <param name="described">The description of an endpoint hangs on its handler's method; without it the document leaves the
    /// endpoint out.</param>
    private Operation Map(
        string method, string pattern, Access access, System.Reflection.MethodInfo described, RequestDelegate serve)
    {
        var operation = new Operation(access);
        routes.MapMethods(prefix + pattern, [method], serve)
            .WithTags(tag)
            .WithName($"{tag}{described.Name}")
            .WithMetadata(described, operation)
            .Add(endpoint => operation.Describe(endpoint.Metadata));
        return operation;
    }
}
