using Mall.Api.Auth;
using Mall.Sagas;
using Mall.Users;

namespace Mall.Simulation;

/// <summary>How users register. Not through the real desk, which hashes passwords on threads of its own.</summary>
internal static class Accounts
{
    public delegate Task<Answer?> Insist(Asked what, Func<FrontDoor, Task<Result<UserView>>> ask, int tries);

    public static async Task<UserView?> RegisterAsync(string mobile, Insist insist)
    {
        var gid = Gids.FromKey("user", 0, mobile);
        var command = new RegisterUser(new NewUser(mobile, "hash", mobile, "", Roles.User), $"register {mobile}");
        var answer = await insist(new RegistrationAsked(gid, true, mobile), door => door.NewPatience().Insist(
            () => door.GetGrain<IRegistrationSagaGrain>(gid).Register(command), makes: true), tries: 100);
        return answer?.Value as UserView;
    }
}
