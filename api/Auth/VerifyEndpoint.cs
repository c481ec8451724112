using System.Globalization;

namespace Mall.Api.Auth;

/// <summary>
/// REST: the sub-request with which a gateway asks whether to let a request through (nginx's <c>auth_request</c>).
/// </summary>
internal sealed class VerifyEndpoint(TokenGate gate, OpenPaths openPaths)
{
    private const string UserHeader = "X-User";
    private const string OriginalUriHeader = "X-Original-URI";

    public void Map(RestRoutes auth) => auth.Open("GET", "/verify", Verify)
        .Says(
            "Is this token good?",
            "For a gateway's sub-request: 200 with X-User: <id> when it is; 200 with X-User: 0 when there is none "
            + "and X-Original-URI names an open path.")
        .Header("Authorization", "The token of the original request, as Bearer.")
        .Header(OriginalUriHeader, "The path that the original request asks for.")
        .Gives(200, "Let it through; the header X-User says whose it is.")
        .Refuses(ErrorCodes.Unauthenticated);

    private async Task Verify(HttpContext http)
    {
        http.Response.Headers.CacheControl = "no-store";
        try
        {
            var caller = await gate.Authenticate(http, Access.User);
            http.Response.Headers[UserHeader] = caller.UserId.ToString(CultureInfo.InvariantCulture);
        }
        catch (ProblemException refused) when (refused.Problem.Kind.Code == ErrorCodes.Unauthenticated && AsksForOpenPath(http))
        {
            http.Response.Headers[UserHeader] = "0";
        }
    }

    private bool AsksForOpenPath(HttpContext http) =>
        http.Request.Headers[OriginalUriHeader] is [{ Length: > 0 } uri] && openPaths.Contains(uri);
}
