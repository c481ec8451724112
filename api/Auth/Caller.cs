namespace Mall.Api.Auth;

/// <summary>Who sent a request, as the token says. It is a feature of every request whose token was good.</summary>
/// <param name="UserId">Positive; 0 for an operator who came in by <see cref="DashboardEntrance"/>.</param>
/// <param name="Role">One of <see cref="Roles"/>, as it was at sign-in: what a seller may do, the grains decide by the shop's
/// owner.</param>
/// <param name="SessionId">What the sign-in has begun; 0 for a token that a build without sessions has signed.</param>
internal sealed record Caller(long UserId, string Role, long SessionId = 0)
{
    /// <summary>Lets a handler ask for it as a parameter; its endpoint must demand authorization.</summary>
    public static ValueTask<Caller?> BindAsync(HttpContext http) => new(http.Features.GetRequiredFeature<Caller>());
}

/// <summary>The roles that a token may carry.</summary>
internal static class Roles
{
    public const string User = "user";
    public const string Seller = "seller";
    public const string Operator = "operator";

    public static bool Contains(string? role) => role is User or Seller or Operator;
}

/// <summary>The authorization policies of the front door.</summary>
public static class Policies
{
    /// <summary>Anybody with a good token.</summary>
    public const string User = "user";

    /// <summary>Operators.</summary>
    public const string Operator = "operator";
}
