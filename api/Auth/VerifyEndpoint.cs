using Microsoft.AspNetCore.Mvc;

namespace Mall.Api.Auth;

/// <summary>REST: the sub-request with which a gateway asks whether to let a request in (nginx's <c>auth_request</c>).</summary>
internal static class VerifyEndpoint
{
    private const string UserHeader = "X-User";
    private const string OriginalUri = "X-Original-URI";

    /// <summary>The endpoint looks at the token, but lets everybody in to be told.</summary>
    public static void MapVerify(this IEndpointRouteBuilder routes) => routes.MapGroup("/v1/auth").WithTags("Auth")
        .MapGet("/verify", Verify).RequireAuthorization(Policies.User).AllowAnonymous().Refuses(ErrorCodes.Unauthenticated);

    /// <summary>Is this token good?</summary>
    /// <remarks>Without a good token the answer is 401, unless X-Original-URI is an open path.</remarks>
    /// <response code="200">Let it through; the header X-User says whose it is, 0 when it asks for an open path.</response>
    internal static async Task<Ok> Verify(HttpContext http, OpenPaths openPaths, [FromHeader(Name = OriginalUri)] string? uri)
    {
        http.Response.Headers.CacheControl = "no-store";
        if (http.Features.Get<Caller>() is { } caller)
            http.Response.Headers[UserHeader] = caller.UserId.ToString(CultureInfo.InvariantCulture);
        else if (!string.IsNullOrEmpty(uri) && http.Request.Headers[OriginalUri].Count == 1 && openPaths.Contains(uri))
            http.Response.Headers[UserHeader] = "0";
        else
            throw new ProblemException(await Authentication.WhyNobody(http));
        return new Ok();
    }
}
