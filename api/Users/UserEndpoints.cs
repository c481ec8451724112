namespace Mall.Api.Users;

/// <summary>REST: users and sessions.</summary>
internal static class UserEndpoints
{
    public static void MapUsers(this IEndpointRouteBuilder routes)
    {
        var users = routes.MapGroup("/v1/users").WithTags("Users");
        users.MapPost("", Register).Refuses(ErrorCodes.MobileTaken, ErrorCodes.KeyReused);
        users.MapGet("/me", Me).RequireAuthorization(Policies.User).Refuses(ErrorCodes.NoSuchUser);

        var sessions = routes.MapGroup("/v1/sessions").WithTags("Sessions");
        sessions.MapPost("", Login).Refuses(ErrorCodes.WrongCredentials);
        sessions.MapPost("/refresh", Refresh).Refuses(ErrorCodes.Unauthenticated);
        sessions.MapDelete("/current", Logout).RequireAuthorization(Policies.User);
    }

    /// <summary>Register</summary>
    /// <remarks>Starts the registration saga: the user and the points that welcome them, or neither.</remarks>
    /// <param name="body" example='{"mobile": "+4915112345678", "password": "correct horse", "name": "Ann"}'>Who.</param>
    /// <response code="201">Registered.</response>
    internal static async Task<Created<UserAnswer>> Register(
        [IdempotencyKey] string? key, Body<RegisterInput> body, AccountDesk desk, Patience patience) =>
        new((await desk.Register(body.Value, key, patience)).As(UserAnswer.Of), _ => "/v1/users/me");

    /// <summary>Who am I?</summary>
    /// <response code="200">The caller.</response>
    internal static async Task<Ok<UserAnswer>> Me(Caller caller, AccountDesk desk, Patience patience) =>
        (await desk.Me(caller, patience)).As(UserAnswer.Of);

    /// <summary>Sign in</summary>
    /// <remarks>
    /// A wrong mobile and a wrong password give the same answer. After 10 failures within 15 minutes for one mobile from one
    /// address, or 100 within a minute from one address, further tries from there are refused with 100006.
    /// </remarks>
    /// <param name="body" example='{"mobile": "+4915112345678", "password": "correct horse"}'>Who.</param>
    /// <response code="200">Signed in.</response>
    internal static async Task<Ok<SessionAnswer>> Login(
        HttpContext http, Body<LoginInput> body, AccountDesk desk, Patience patience)
    {
        http.Response.Headers.CacheControl = "no-store";
        return (await desk.Login(body.Value, http.Connection.RemoteIpAddress, patience)).As(SessionAnswer.Of);
    }

    /// <summary>Go on with a session</summary>
    /// <remarks>
    /// A refresh token is good once; the answer has the next. A client that gives an Idempotency-Key may repeat the call for a
    /// minute, while the new token has not been used, and gets the same answer. To show a token that is not the session's last in
    /// any other way ends the session, its access tokens included: somebody may have stolen it.
    /// </remarks>
    /// <param name="body" example='{"refreshToken": "AbCdEf012345"}'>The last token that the session was given.</param>
    /// <response code="200">A new pair; the old refresh token is good no more.</response>
    internal static async Task<Ok<SessionAnswer>> Refresh(
        HttpContext http, [IdempotencyKey] string? key, Body<RefreshInput> body, SessionDesk desk, Patience patience)
    {
        http.Response.Headers.CacheControl = "no-store";
        return (await desk.Refresh(body.Value, key, patience)).As(SessionAnswer.Of);
    }

    /// <summary>Sign out</summary>
    /// <remarks>Ends the session of the token: no access or refresh token of it is good any more, within five seconds
    /// everywhere.</remarks>
    /// <response code="204">Ended.</response>
    internal static async Task<NoContent> Logout(Caller caller, SessionDesk desk, Patience patience) =>
        new(await desk.End(caller, patience));
}
