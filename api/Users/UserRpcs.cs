namespace Mall.Api.Users;

/// <summary>gRPC: users.</summary>
internal sealed class UserRpcs(AccountDesk desk, SessionDesk sessions) : V1.Users.UsersBase
{
    public override async Task<V1.User> Register(V1.RegisterRequest request, ServerCallContext context)
    {
        var input = new RegisterInput(request.Mobile, request.Password, request.Name, request.Gender);
        return Shape((await desk.Register(input, context.IdempotencyKey(), context.Patience())).OrRefuse(context));
    }

    public override async Task<V1.Session> Login(V1.LoginRequest request, ServerCallContext context)
    {
        var from = context.GetHttpContext().Connection.RemoteIpAddress;
        var login = await desk.Login(new LoginInput(request.Mobile, request.Password), from, context.Patience());
        return Shape(login.OrRefuse(context));
    }

    public override async Task<V1.Session> Refresh(V1.RefreshRequest request, ServerCallContext context)
    {
        var input = new RefreshInput(request.RefreshToken.OrAbsent());
        return Shape((await sessions.Refresh(input, context.IdempotencyKey(), context.Patience())).OrRefuse(context));
    }

    [Authorize(Policies.User)]
    public override async Task<V1.User> Me(V1.MeRequest request, ServerCallContext context) =>
        Shape((await desk.Me(context.Caller(), context.Patience())).OrRefuse(context));

    private static V1.Session Shape(Session session) => new()
    {
        AccessToken = session.Access.Text, AccessExpire = session.Access.ExpiresAt.ToUnixTimeSeconds(),
        RefreshAfter = session.Access.RefreshAfter.ToUnixTimeSeconds(), RefreshToken = session.Refresh.Text,
    };

    private static V1.User Shape(UserView user) =>
        new() { Id = user.Id, Name = user.Name, Gender = user.Gender, Mobile = user.Mobile, Points = user.Points };
}
