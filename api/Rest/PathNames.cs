using Microsoft.AspNetCore.Routing.Patterns;

namespace Mall.Api.Rest;

/// <summary>
/// Names in paths, as clients mean them. The server leaves a slash in a name as it was sent, %2F, which is also what it makes of
/// %252F: what a name is can only be read where it was sent.
/// </summary>
internal static class PathNames
{
    private const string Slash = "%2F";

    /// <summary>Goes behind routing.</summary>
    public static void UsePathNames(this WebApplication app) => app.Use(next => http =>
    {
        if (http.Request.Path.Value!.Contains(Slash, StringComparison.OrdinalIgnoreCase)
            && http.GetEndpoint() is RouteEndpoint endpoint)
            Read(http, endpoint.RoutePattern.PathSegments);
        return next(http);
    });

    private static void Read(HttpContext http, IReadOnlyList<RoutePatternPathSegment> pattern)
    {
        var sent = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Split('?')[0].TrimEnd('/').Split('/');
        for (var i = 1; i <= pattern.Count && i < sent.Length; i++) // From the end: before the path may stand a host.
        {
            if (pattern[^i].Parts is [RoutePatternParameterPart { IsCatchAll: false } part])
                http.Request.RouteValues[part.Name] = Uri.UnescapeDataString(sent[^i]);
        }
    }
}
