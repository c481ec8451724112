using Microsoft.AspNetCore.Cors.Infrastructure;

namespace Mall.Api.Rest;

/// <summary>
/// Pages of the origins in <see cref="ApiOptions.Cors"/> may use everything, with tokens of their own: cookies, which a browser
/// sends by itself, mean nothing here. Pages of other origins may read nothing.
/// </summary>
internal static class Browsers
{
    private static readonly TimeSpan s_preflightLasts = TimeSpan.FromHours(1);

    public static void AddBrowsers(this IServiceCollection services) => services.AddCors()
        .AddOptions<CorsOptions>().Configure<ApiOptions>((cors, api) => cors.AddDefaultPolicy(policy => policy
            .WithOrigins([.. api.Cors]).AllowAnyHeader()
            .WithMethods("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
            .WithExposedHeaders(HeaderNames.RetryAfter, HeaderNames.Location)
            .SetPreflightMaxAge(s_preflightLasts)));

    /// <summary>
    /// CORS. A preflight is an OPTIONS, too: it says what the path takes, or that there is nothing; CORS alone would say neither.
    /// </summary>
    public static void UseBrowsers(this WebApplication app)
    {
        app.Use(next => http => IsPreflight(http.Request) ? Preflight(http, next) : next(http));
        app.UseWhen(http => http.Request.Headers.Origin.Count > 0, pages => pages.UseCors());
    }

    private static bool IsPreflight(HttpRequest request) =>
        HttpMethods.IsOptions(request.Method) && request.Headers.ContainsKey(HeaderNames.AccessControlRequestMethod);

    private static async Task Preflight(HttpContext http, RequestDelegate next)
    {
        if (http.GetEndpoint() is not { } endpoint)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (endpoint is { RequestDelegate: { } refuse } and not RouteEndpoint)
        {
            await refuse(http); // Routing's own for a path that is not for this method.
            ProblemMiddleware.CompleteAllow(http.Response.Headers);
        }

        await next(http);
    }
}
