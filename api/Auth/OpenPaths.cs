using Microsoft.AspNetCore.Routing.Template;

namespace Mall.Api.Auth;

/// <summary>The paths that anybody may ask for, read off the routes, for gateways that ask before they forward.</summary>
internal sealed class OpenPaths(EndpointDataSource endpoints)
{
    /// <summary>What may read differently behind the gateway.</summary>
    private static readonly SearchValues<string> s_ambiguous =
        SearchValues.Create(["%", "\\", ";", "..", "//"], StringComparison.Ordinal);

    private TemplateMatcher[]? _matchers;

    /// <summary>
    /// Whether some method of this path is open. The path of a URI as the client wrote it is judged without being normalized, so
    /// one that could mean something else behind the gateway (escapes, dot segments, doubled slashes) is not open.
    /// </summary>
    public bool Contains(string uri)
    {
        var path = uri.AsSpan(0, uri.AsSpan().IndexOfAny('?', '#') is var end and >= 0 ? end : uri.Length);
        if (path is not ['/', ..] || path.ContainsAny(s_ambiguous))
            return false;
        _matchers ??= Read(); // Routes are complete when requests come; two that race read the same.
        var asked = new PathString(path.ToString());
        return _matchers.Any(matcher => matcher.TryMatch(asked, []));
    }

    private TemplateMatcher[] Read() =>
    [
        .. from endpoint in endpoints.Endpoints.OfType<RouteEndpoint>()
           where endpoint.Metadata.GetMetadata<RestEndpoint>() is { IsOpen: true }
               || endpoint.Metadata.GetMetadata<AliasEndpoint>() is { IsOpen: true }
           select new TemplateMatcher(new RouteTemplate(endpoint.RoutePattern), []),
    ];
}
