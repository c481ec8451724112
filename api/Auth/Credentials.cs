using Microsoft.Extensions.Options;

namespace Mall.Api.Auth;

/// <summary>
/// The rules of what a customer signs in with, and the hash that is kept of it; the same for registrations and for accounts that
/// an operator makes beside the mall.
/// </summary>
public static class Credentials
{
    internal const int MaxMobileLength = 21;
    internal const int MinPasswordLength = 8;
    internal const int MaxPasswordLength = 128;

    /// <summary>The rule of mobiles as a pattern, for readers of the OpenAPI document.</summary>
    internal const string MobilePattern = "^[+]?[0-9]{5,20}$";

    internal const string MobileRule = "must be 5 to 20 digits, with or without a plus before them";

    /// <summary>Iterations of PBKDF2 with SHA-512 for a new password; tens of milliseconds of a core.</summary>
    internal const int HashIterations = 100_000;

    private const int MinMobileDigits = 5;
    private const int MaxMobileDigits = 20;

    private static readonly object s_nobody = new();

    /// <summary>What is wrong with these, in one line that names which; null when nothing is.</summary>
    public static string? Complaint(string mobile, string password)
    {
        if (!IsMobile(mobile))
            return $"mobile {MobileRule}";
        var checks = new FieldChecks();
        checks.Text("password", password, MinPasswordLength, MaxPasswordLength);
        return checks.First is { } error ? $"{error.Field} {error.Message}" : null;
    }

    /// <summary>A salted, slow hash of a password, different each time, in the format of ASP.NET Core Identity.</summary>
    public static string Hash(string password) => Hasher(HashIterations).HashPassword(s_nobody, password);

    internal static PasswordHasher<object> Hasher(int iterations) =>
        new(Options.Create(new PasswordHasherOptions { IterationCount = iterations }));

    internal static bool IsMobile(string mobile)
    {
        var digits = mobile.AsSpan(mobile.StartsWith('+') ? 1 : 0);
        return digits.Length is >= MinMobileDigits and <= MaxMobileDigits && !digits.ContainsAnyExceptInRange('0', '9');
    }
}
