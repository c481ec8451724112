namespace Mall.Api.Users;

/// <summary>gRPC: users.</summary>
internal sealed class UserRpcs(AccountDesk desk) : V1.Users.UsersBase
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
        var token = login.OrRefuse(context);
        return new V1.Session
        {
            AccessToken = token.Text, AccessExpire = token.ExpiresAt.ToUnixTimeSeconds(),
            RefreshAfter = token.RefreshAfter.ToUnixTimeSeconds(),
        };
    }

    [Authorize(Policies.User)]
    public override async Task<V1.User> Me(V1.MeRequest request, ServerCallContext context) =>
        Shape((await desk.Me(context.Caller(), context.Patience())).OrRefuse(context));

    private static V1.User Shape(UserView user) =>
        new() { Id = user.Id, Name = user.Name, Gender = user.Gender, Mobile = user.Mobile, Points = user.Points };
}
