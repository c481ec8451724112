using System.Net;

namespace Mall.Tests.Installations;

/// <summary>How people come to have an account.</summary>
public static class Accounts
{
    private const string Password = "correct horse";

    /// <summary>Registers and signs in.</summary>
    /// <returns>A door that knows who asks.</returns>
    public static async Task<Door> SignUpAsync(IPremises mall, string mobile, CancellationToken cancellationToken)
    {
        var door = new Door(mall.Address);
        var user = await door.PostAsync("v1/users", new { mobile, password = Password }, null, cancellationToken);
        Assert.Equal(HttpStatusCode.Created, user.Status);
        await SignInAsync(door, mobile, cancellationToken);
        return door;
    }

    /// <summary>Signs in, again if need be: a token carries the role that its user had at that moment.</summary>
    public static async Task SignInAsync(Door door, string mobile, CancellationToken cancellationToken)
    {
        var session = await door.PostAsync("v1/sessions", new { mobile, password = Password }, null, cancellationToken);
        Assert.Equal(HttpStatusCode.OK, session.Status);
        door.Token = session.Body.GetProperty("accessToken").GetString();
    }
}
