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
}
