namespace Mall.Api.Auth;

/// <summary>
/// The cookie by which a browser on the pages below /dashboard, and on the endpoints for operators, is an operator's. Its text is
/// the access token of a session that has been signed in to there, or the secret of a visit by <see cref="DashboardEntrance"/>.
/// <para>
/// A cookie is sent by the browser, whoever makes it ask. It is therefore HttpOnly, so that no script reads it; SameSite=Strict,
/// so that pages of other sites do not send it; and because other ports of this machine count as the same site, what changes
/// anything must come from a page of this very origin. Other origins that may call (the setting cors) are never allowed to send
/// cookies. Endpoints that are not for operators do not look at it.
/// </para>
/// </summary>
internal static class OperatorCookie
{
    public const string Name = "mall-operator";

    /// <summary>A working day; whoever watches longer signs in again.</summary>
    public static readonly TimeSpan Lasts = TimeSpan.FromHours(12);

    public static void Give(HttpContext http, string text) => http.Response.Cookies.Append(Name, text, Options(http, Lasts));

    public static void Take(HttpContext http) => http.Response.Cookies.Delete(Name, Options(http, null));

    /// <summary>Its text where it may count; null where there is none, or where it proves nothing.</summary>
    public static string? Of(HttpContext http)
    {
        var demands = http.GetEndpoint()?.Metadata.GetOrderedMetadata<IAuthorizeData>() ?? [];
        return demands.Any(data => data.Policy == Policies.Operator)
            && (HttpMethods.IsGet(http.Request.Method) || IsOwnPage(http)) ? http.Request.Cookies[Name] : null;
    }

    /// <summary>
    /// Whether a page of the mall has sent this. Browsers say so in two headers, which no script can set: <c>Sec-Fetch-Site</c>,
    /// but not over plain HTTP from another machine, and <c>Origin</c>. Neither may contradict, and one of them must be there.
    /// </summary>
    public static bool IsOwnPage(HttpContext http)
    {
        var (site, origin) = (http.Request.Headers["Sec-Fetch-Site"], http.Request.Headers.Origin);
        return site.Count + origin.Count > 0 && (site.Count == 0 || site == "same-origin")
            && (origin.Count == 0 || IsOurs(http, origin));
    }

    private static bool IsOurs(HttpContext http, string? origin) => Uri.TryCreate(origin, UriKind.Absolute, out var from)
        && (from.Authority == http.Request.Host.Value
            || (http.RequestServices.GetRequiredService<ApiOptions>().PublicUrl is { } url
                && from.Authority == new Uri(url).Authority));

    /// <summary>Whether the browser speaks TLS, its origin tells; the mall may stand behind a proxy that ends it.</summary>
    private static CookieOptions Options(HttpContext http, TimeSpan? lasts) => new()
    {
        SameSite = Microsoft.AspNetCore.Http.SameSiteMode.Strict, HttpOnly = true, Path = "/", MaxAge = lasts,
        Secure = http.Request.IsHttps || http.Request.Headers.Origin.ToString().StartsWith("https:", StringComparison.Ordinal),
    };
}
