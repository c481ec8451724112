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
}
