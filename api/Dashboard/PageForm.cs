namespace Mall.Api.Dashboard;

/// <summary>What pages and the forms on them have in common.</summary>
internal static class PageForm
{
    /// <summary>For every endpoint that reads one: its body is awaited where that costs nobody else a place (Arrivals).</summary>
    public static readonly AcceptsMetadata Comes = new([], typeof(object));

    private const string Type = "application/x-www-form-urlencoded";

    /// <summary>Nothing but what is served here, in no frame of somebody else's, and in no cache.</summary>
    public static void Protect(HttpContext http)
    {
        http.Response.Headers.ContentSecurityPolicy =
            "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; form-action 'self'; base-uri 'none'";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers.XContentTypeOptions = "nosniff";
        http.Response.Headers["Referrer-Policy"] = "same-origin"; // Without any a form would not say where it is from.
    }

    public static bool ReadsPages(HttpContext http) =>
        http.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);

    /// <summary>What a form of the mall's own has sent.</summary>
    /// <exception cref="ProblemException">It is from somewhere else, or none.</exception>
    public static async Task<IFormCollection> ReadAsync(HttpContext http)
    {
        if (!OperatorCookie.IsOwnPage(http))
            throw new ProblemException(Problem.Of(ErrorCodes.Forbidden, "This button works on the mall's own page only."));
        if (http.Request.ContentType?.StartsWith(Type, StringComparison.OrdinalIgnoreCase) is not true)
            throw new ProblemException(Problem.UnsupportedMediaType($"The body must be {Type}."));
        try
        {
            return await http.Request.ReadFormAsync(http.RequestAborted);
        }
        catch (InvalidDataException)
        {
            throw new ProblemException(Problem.BadRequest(StatusCodes.Status400BadRequest, "The form cannot be read."));
        }
    }
}
