namespace Mall.Api.Users;

/// <summary>REST: users and sessions.</summary>
internal sealed class UserEndpoints(AccountDesk desk, Clock clock)
{
    public void Map(RestRoutes users, RestRoutes sessions)
    {
        users.Open("POST", "", Register)
            .Says("Register", "Starts the registration saga: the user and the points that welcome them, or neither.")
            .Takes<RegisterInput>("""{"mobile": "+4915112345678", "password": "correct horse", "name": "Ann"}""")
            .TakesIdempotencyKey()
            .Gives<UserAnswer>(201, "Registered.")
            .Refuses(ErrorCodes.MobileTaken, ErrorCodes.KeyReused);

        users.User("GET", "/me", Me)
            .Says("Who am I?")
            .Gives<UserAnswer>(200, "The caller.")
            .Refuses(ErrorCodes.NoSuchUser);

        sessions.Open("POST", "", Login)
            .Says("Sign in", "A wrong mobile and a wrong password give the same answer.")
            .Takes<LoginInput>("""{"mobile": "+4915112345678", "password": "correct horse"}""")
            .Gives<SessionAnswer>(200, "Signed in.")
            .Refuses(ErrorCodes.WrongCredentials);
    }

    private async Task Register(HttpContext http)
    {
        var key = http.IdempotencyKey();
        var input = await http.ReadBody(ApiJson.Default.RegisterInput);
        var user = await desk.Register(input, key, clock.Patience(http));
        if (!user.IsRefused)
            http.Response.Headers.Location = "/v1/users/me";
        http.Answer(user, UserAnswer.Of, ApiJson.Default.UserAnswer, StatusCodes.Status201Created);
    }

    private async Task Login(HttpContext http)
    {
        var input = await http.ReadBody(ApiJson.Default.LoginInput);
        var token = await desk.Login(input, clock.Patience(http));
        http.Response.Headers.CacheControl = "no-store";
        http.Answer(token, SessionAnswer.Of, ApiJson.Default.SessionAnswer);
    }

    private async Task Me(HttpContext http, Caller caller) =>
        http.Answer(await desk.Me(caller, clock.Patience(http)), UserAnswer.Of, ApiJson.Default.UserAnswer);
}
