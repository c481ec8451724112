namespace Mall.Api.Auth;

/// <summary>Who sent a request, as the token says.</summary>
/// <param name="UserId">Positive.</param>
/// <param name="Role">One of <see cref="Roles"/>, as it was at sign-in: what a seller may do, the grains decide by the shop's
/// owner.</param>
internal readonly record struct Caller(long UserId, string Role);

/// <summary>The roles that a token may carry.</summary>
internal static class Roles
{
    public const string User = "user";
    public const string Seller = "seller";
    public const string Operator = "operator";

    /// <summary>The role's one instance, or null when it is none: tokens of one role share one string.</summary>
    public static string? Known(string? role) => role switch
    {
        User => User,
        Seller => Seller,
        Operator => Operator,
        _ => null,
    };
}

/// <summary>Whom an endpoint serves.</summary>
internal enum Access
{
    /// <summary>Anybody; a token is not looked at.</summary>
    Open,

    /// <summary>Anybody with a good token.</summary>
    User,

    /// <summary>Operators.</summary>
    Operator,
}
