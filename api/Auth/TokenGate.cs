using Microsoft.Extensions.Primitives;

namespace Mall.Api.Auth;

/// <summary>
/// Lets callers through who carry a good token. REST and gRPC share it: HTTP headers and gRPC metadata are the same thing here.
/// </summary>
internal sealed class TokenGate(TokenKeySource keys, Clock clock)
{
    private const string Scheme = "Bearer ";

    /// <summary>Who sent this request.</summary>
    /// <exception cref="ProblemException">100003 without a good token, 100004 when the role is not enough.</exception>
    public async ValueTask<Caller> Authenticate(HttpContext http, Access access)
    {
        var tokens = await keys.Get(clock.Patience(http));
        var caller = Judge(tokens, http.Request.Headers.Authorization);
        if (access == Access.Operator && caller.Role != Roles.Operator)
            throw new ProblemException(Problem.Of(ErrorCodes.Forbidden, "Only operators may do this."));
        return caller;
    }

    private static Caller Judge(AccessTokens tokens, StringValues authorization)
    {
        if (authorization.Count == 0)
            throw Refuse("A token is needed: send it as 'Authorization: Bearer <token>'.");
        if (authorization is not [{ } header] || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            throw Refuse("The Authorization header must be 'Bearer <token>', once.");
        return tokens.Verify(header.AsSpan(Scheme.Length), out var caller) switch
        {
            TokenVerdict.Good => caller,
            TokenVerdict.Expired => throw Refuse("The token has expired: sign in again."),
            TokenVerdict.NotYetValid => throw Refuse("The token is not valid yet."),
            _ => throw Refuse("The token is not one of ours."),
        };
    }

    private static ProblemException Refuse(string detail) => new(Problem.Of(ErrorCodes.Unauthenticated, detail));
}
