using ADRaffy.ENSNormalize;
using Microsoft.Extensions.Options;

namespace Mall.Api.Auth;

/// <summary>
/// The rules of what a customer signs in with, and the hash that is kept of it; the same for registrations and for accounts that
/// an operator makes beside the mall.
/// </summary>
public static class Credentials
{
    internal const int MinPasswordLength = 8;
    internal const int MaxPasswordLength = 128;

    /// <summary>Iterations of PBKDF2 with SHA-512 for a new password: OWASP's figure; 0.1 to 0.2 s of a core.</summary>
    internal const int HashIterations = 210_000;

    private static readonly object s_nobody = new();

    /// <summary>What is wrong with these, in one line that names which; null when nothing is.</summary>
    public static string? Complaint(string password, string name = "")
    {
        var checks = new FieldChecks();
        checks.Text("password", Composed(password), MinPasswordLength, MaxPasswordLength);
        checks.Text("name", name, 0, AccountDesk.MaxName);
        return checks.First is { } error ? $"{error.Field} {error.Message}" : null;
    }

    /// <summary>A salted, slow hash of a password, different each time, in the format of ASP.NET Core Identity.</summary>
    public static string Hash(string password) => Hasher(HashIterations).HashPassword(s_nobody, Composed(password));

    /// <summary>
    /// The text in Unicode's form NFC: keyboards differ in how they spell an accent. (.NET's own normalization does nothing in a
    /// process without cultures.)
    /// </summary>
    [return: NotNullIfNotNull(nameof(text))]
    internal static string? Composed(string? text) => text is null || Ascii.IsValid(text) ? text : ENSNormalize.NF.NFC(text);

    internal static PasswordHasher<object> Hasher(int iterations) =>
        new(Options.Create(new PasswordHasherOptions { IterationCount = iterations }));
}
