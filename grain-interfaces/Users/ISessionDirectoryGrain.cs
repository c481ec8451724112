namespace Mall.Users;

/// <summary>
/// Sessions: what a sign-in begins and its refresh tokens carry on. Tokens themselves never come here, only their SHA-256. Key 0.
/// </summary>
[Alias("mall.ISessionDirectoryGrain")]
public interface ISessionDirectoryGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Idempotent by id. False when the account has another password by now than the one that was proved, or is gone.
    /// </summary>
    [Alias("Begin")]
    Task<bool> Begin(NewSession session);

    /// <summary>
    /// Puts one refresh token in the place of another. Idempotent by the pair of them, for a minute, as long as the new one has
    /// not been used in turn. A token that is not the last of its session is in somebody's hands who should not have it: the
    /// session ends. Null for a session that has ended, has expired or never was.
    /// </summary>
    [Alias("Rotate")]
    Task<SessionView?> Rotate(TokenRotation rotation);

    /// <summary>Idempotent.</summary>
    [Alias("End")]
    Task<Done> End(long sessionId);

    /// <summary>Sessions that have ended, in the order of commits; some of them may come again on the next page.</summary>
    /// <param name="after">The cursor of the page before.</param>
    [Alias("Ended"), ReadOnly]
    Task<ListPage<EndedSession>> Ended(ListPlace after);
}

/// <param name="Id">Drawn at random; positive.</param>
/// <param name="Role">The role that the access token carries.</param>
/// <param name="TokenHash">Of the refresh token.</param>
/// <param name="Access">Of the access token.</param>
/// <param name="Lifetime">Of the refresh token.</param>
/// <param name="PasswordHash">The account's, as the password was proved against it.</param>
[GenerateSerializer, Immutable, Alias("mall.NewSession")]
public sealed record NewSession(
    long Id, long UserId, string Role, string TokenHash, AccessTimes Access, TimeSpan Lifetime, string PasswordHash);

/// <summary>From when to when an access token is good, by the front door's clock; whole seconds.</summary>
[GenerateSerializer, Immutable, Alias("mall.AccessTimes")]
public sealed record AccessTimes(DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt);

/// <param name="OldHash">Of the refresh token that is shown.</param>
/// <param name="NewHash">Of the one that takes its place.</param>
/// <param name="Access">Of the access token that goes with it.</param>
/// <param name="Lifetime">Of the new refresh token.</param>
[GenerateSerializer, Immutable, Alias("mall.TokenRotation")]
public sealed record TokenRotation(long SessionId, string OldHash, string NewHash, AccessTimes Access, TimeSpan Lifetime);

/// <summary>What the access token of a session says.</summary>
[GenerateSerializer, Immutable, Alias("mall.SessionView")]
public sealed record SessionView(long Id, long UserId, string Role, AccessTimes Access);

/// <param name="AccessEnd">From then on no access token of it is good anyhow.</param>
[GenerateSerializer, Immutable, Alias("mall.EndedSession")]
public sealed record EndedSession(long Id, DateTimeOffset AccessEnd);
