namespace Mall.Api.Users;

/// <summary>What somebody who is signed in holds.</summary>
internal sealed record Session(AccessToken Access, RefreshToken Refresh);

/// <summary>Where both doors begin sessions, carry them on and end them. Tokens leave the front door to their owners.</summary>
internal sealed class SessionDesk(IGrainFactory grains, AccessTokens tokens, EndedSessions ended, ApiOptions options)
{
    private const int MaxToken = 256;

    private static readonly Refusal s_noSession =
        Result.Refused(ErrorCodes.Unauthenticated, "The refresh token is not good, or not any more: sign in again.");

    /// <summary>For an account whose owner has proved to be it.</summary>
    /// <exception cref="ProblemException">200003: its password has been changed meanwhile.</exception>
    public async Task<Session> Begin(Account account, Patience patience)
    {
        var refresh = RefreshToken.First(await tokens.Key(patience));
        var session = new NewSession(
            refresh.SessionId, account.Id, account.Role, refresh.Hash, tokens.TimesNow(), options.RefreshLifetime,
            account.PasswordHash);
        if (!await patience.Insist(() => Directory.Begin(session)))
            throw new ProblemException(Problem.Of(ErrorCodes.WrongCredentials, "Mobile or password is wrong."));
        var caller = new Caller(account.Id, account.Role, refresh.SessionId);
        return new Session(await tokens.Sign(caller, session.Access, patience), refresh);
    }

    /// <summary>
    /// Gives the next pair of tokens. Under a key the call may be repeated for a minute; see
    /// <see cref="ISessionDirectoryGrain.Rotate"/>. Refused with 100003, whatever is wrong with the token.
    /// </summary>
    public async Task<Result<Session>> Refresh(RefreshInput input, string? key, Patience patience)
    {
        var checks = new FieldChecks();
        var text = checks.Text("refreshToken", input.RefreshToken, 1, MaxToken);
        checks.ThrowIfAny();

        var signing = await tokens.Key(patience);
        if (RefreshToken.Parse(text, signing) is not { } old) return s_noSession;
        var next = old.Next(key, signing);
        var rotation = new TokenRotation(old.SessionId, old.Hash, next.Hash, tokens.TimesNow(), options.RefreshLifetime);
        if (await patience.Insist(() => Directory.Rotate(rotation)) is not { } session) return s_noSession;
        return new Session(
            await tokens.Sign(new Caller(session.UserId, session.Role, session.Id), session.Access, patience), next);
    }

    /// <summary>Ends the caller's session: here at once, elsewhere within seconds. Refused when the token has none.</summary>
    public async Task<Refusal?> End(Caller caller, Patience patience)
    {
        if (caller.SessionId == 0)
            return Result.Refused(ErrorCodes.Unauthenticated, "The token belongs to no session that could be ended.");
        await patience.Insist(() => Directory.End(caller.SessionId));
        ended.Add(caller.SessionId, tokens.TimesNow().ExpiresAt);
        return null;
    }

    private ISessionDirectoryGrain Directory => grains.GetGrain<ISessionDirectoryGrain>(0);
}
