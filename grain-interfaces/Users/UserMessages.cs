namespace Mall.Users;

/// <param name="Gender">male, female or empty.</param>
/// <param name="Points">The balance.</param>
[GenerateSerializer, Immutable, Alias("mall.UserView")]
public sealed record UserView(long Id, string Name, string Gender, string Mobile, string Role, long Points);

/// <param name="PasswordHash">Salted and slow; the password itself never leaves the front door.</param>
[GenerateSerializer, Immutable, Alias("mall.NewUser")]
public sealed record NewUser(string Mobile, string PasswordHash, string Name, string Gender, string Role);

/// <param name="RequestHash">Hash of the request under an idempotency key, else null.</param>
[GenerateSerializer, Immutable, Alias("mall.RegisterUser")]
public sealed record RegisterUser(NewUser User, string? RequestHash);

/// <summary>What is needed to sign somebody in.</summary>
/// <param name="Role">user, seller (has a shop) or operator.</param>
[GenerateSerializer, Immutable, Alias("mall.Account")]
public sealed record Account(long Id, string PasswordHash, string Role);
