using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Claims;
using Mall.Api.Dashboard;

namespace Mall.Api.Auth;

/// <summary>
/// Operators of a mall that has just been started on their own machine, before there is any account: the start prints a link
/// with a token that is good once, and whoever opens it has an <see cref="OperatorCookie"/> from then on. Links and visits live
/// in this process's memory, as hashes, and end with it.
/// </summary>
public sealed class DashboardEntrance(TimeProvider clock)
{
    internal const string Path = "/dashboard";
    private const string Parameter = "token";
    private const int SecretBytes = 32;

    private static readonly TimeSpan s_linkLasts = TimeSpan.FromHours(1);

    /// <summary>Who comes in so has no account, hence no id.</summary>
    private static readonly Caller s_caller = new(0, Roles.Operator);

    private readonly ConcurrentDictionary<string, DateTimeOffset> _links = [];
    private readonly ConcurrentDictionary<string, DateTimeOffset> _visits = [];

    /// <summary>Path and query of a link that lets whoever opens it in, once, within an hour.</summary>
    public string MakeLink() => $"{Path}?{Parameter}={Make(_links, s_linkLasts)}";

    /// <summary>
    /// Takes the token of the link against a cookie, and the browser on to the page, so that the token does not stay in its
    /// address bar. Comes before all else, where HEAD, by which programs look at links ahead of people, is still told from GET.
    /// </summary>
    internal Task Exchange(HttpContext http, RequestDelegate next)
    {
        if (http.Request.Path != Path || !HttpMethods.IsGet(http.Request.Method)
            || http.Request.Query[Parameter] is not [{ } token])
            return next(http);
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["Referrer-Policy"] = "no-referrer";
        if (!_links.TryRemove(Hash(token), out var end) || end <= clock.GetUtcNow())
        {
            var used = Problem.Of(ErrorCodes.Unauthenticated, "This link has been used, or is too old: start the mall again.");
            if (SignIn.Suits(http)) return SignIn.TellAsync(http, used);
            ProblemWriter.WriteJson(http, used, TraceIds.Of(http));
            return Task.CompletedTask;
        }

        OperatorCookie.Give(http, Make(_visits, OperatorCookie.Lasts));
        http.Response.Redirect(Path);
        return Task.CompletedTask;
    }

    /// <summary>The operator behind a visit; null when there is none such.</summary>
    internal (Caller Caller, ClaimsPrincipal Principal)? Find(string visit)
    {
        if (!_visits.TryGetValue(Hash(visit), out var end) || end <= clock.GetUtcNow()) return null;
        var identity = new ClaimsIdentity(
            [new(AccessTokens.RoleClaim, Roles.Operator)], OperatorCookie.Name, AccessTokens.UserClaim, AccessTokens.RoleClaim);
        return (s_caller, new ClaimsPrincipal(identity));
    }

    /// <summary>Ends a visit, where there is one such.</summary>
    internal void Forget(string visit) => _visits.TryRemove(Hash(visit), out _);

    private string Make(ConcurrentDictionary<string, DateTimeOffset> hashes, TimeSpan lasts)
    {
        var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        hashes[Hash(secret)] = clock.GetUtcNow() + lasts;
        return secret;
    }

    private static string Hash(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}
