using Mall.Api.Grpc;
using Mall.Users;

namespace Mall.Api.Users;

/// <summary>gRPC: users.</summary>
internal sealed class UserRpcs(AccountDesk desk)
{
    public RpcService Service => new RpcService(V1.UsersReflection.Descriptor.Services[0])
        .Open<V1.RegisterRequest, V1.User>("Register", Register)
        .Open<V1.LoginRequest, V1.Session>("Login", Login)
        .User<V1.MeRequest, V1.User>("Me", Me);

    private async Task<Result<V1.User>> Register(RpcCall call, V1.RegisterRequest request)
    {
        var input = new RegisterInput(request.Mobile, request.Password, request.Name, request.Gender);
        return (await desk.Register(input, call.IdempotencyKey(), call.Patience)).As(Shape);
    }

    private async Task<Result<V1.Session>> Login(RpcCall call, V1.LoginRequest request) =>
        (await desk.Login(new LoginInput(request.Mobile, request.Password), call.Patience)).As(token => new V1.Session
        {
            AccessToken = token.Text,
            AccessExpire = token.ExpiresAt.ToUnixTimeSeconds(),
            RefreshAfter = token.RefreshAfter.ToUnixTimeSeconds(),
        });

    private async Task<Result<V1.User>> Me(RpcCall call, Caller caller, V1.MeRequest request) =>
        (await desk.Me(caller, call.Patience)).As(Shape);

    private static V1.User Shape(UserView user) => new()
    {
        Id = user.Id,
        Name = user.Name,
        Gender = user.Gender,
        Mobile = user.Mobile,
        Points = user.Points,
    };
}
