namespace Mall.Api.Users;

/// <summary>
/// What a newcomer says. A field that is none of these (a role, points) is refused, so that nobody believes it counted.
/// </summary>
/// <param name="Mobile">An international number after + or 00, shown as +4915112345678 whatever stands between its digits; or 5
/// to 20 digits. Registered once.</param>
/// <param name="Password">8 to 128 characters.</param>
/// <param name="Name">At most 64 characters; empty when absent.</param>
/// <param name="Gender">male, female or empty; empty when absent.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record RegisterInput(
    [property: RegularExpression(Mobiles.Pattern)] string? Mobile,
    [property: Length(Credentials.MinPasswordLength, Credentials.MaxPasswordLength)] string? Password,
    [property: MaxLength(AccountDesk.MaxName)] string? Name = null,
    [property: AllowedValues("male", "female", "")] string? Gender = null);

/// <summary>What a customer signs in with.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record LoginInput(string? Mobile, string? Password);

/// <summary>What a session goes on with.</summary>
/// <param name="RefreshToken">The last that the session was given.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record RefreshInput(string? RefreshToken);
