namespace Mall.Users;

/// <summary>
/// Any number of callers at once, on any silo: what is decided on a row is committed under its token's hash, or decided
/// again when that has moved. Reentrant: it keeps nothing between its awaits.
/// </summary>
[StatelessWorker, Reentrant]
public sealed class SessionDirectoryGrain(GrainLedger ledger, LedgerClock clock) : Grain, ISessionDirectoryGrain
{
    private const int PageSize = 5_000;

    /// <summary>How long a refresh may be repeated by somebody who has not heard the answer.</summary>
    private static readonly TimeSpan s_repeatable = TimeSpan.FromSeconds(60);

    public async Task<bool> Begin(NewSession session)
    {
        // Once it is acknowledged that a password is another, or that sessions have ended with it, the old one begins none.
        var writes = new WriteSet(
            SessionRows.Insert(session, clock.GetUtcNow()), UserRows.Demand(session.UserId, session.PasswordHash));
        if (await ledger.CommitAsync(writes) == CommitOutcome.Applied) return true;

        // Repeated, unless two ids of 62 random bits are equal. Whether the session has gone on meanwhile is no matter here.
        if (await ledger.FindAsync(SessionRows.ById, session.Id) is { } found && found.View.UserId == session.UserId) return true;
        return await ledger.FindAsync(UserRows.PasswordHashOf, session.UserId) == session.PasswordHash
            ? throw new StaleActivationException("The session's id is taken; try again.")
            : false;
    }

    public async Task<SessionView?> Rotate(TokenRotation rotation)
    {
        while (true)
        {
            var now = clock.GetUtcNow();
            if (await ledger.FindAsync(SessionRows.ById, rotation.SessionId) is not { HasEnded: false } session
                || session.ExpiresAt <= now)
                return null;
            if (session.PreviousHash == rotation.OldHash && session.TokenHash == rotation.NewHash
                && now - session.RotatedAt <= s_repeatable)
                return session.View;
            if (session.TokenHash != rotation.OldHash)
            {
                await End(rotation.SessionId);
                return null;
            }

            if (await ledger.FindAsync(SessionRows.RoleOf, session.View.UserId) is not { } role) return null;

            // The last of a session's access tokens is the last to end, whatever the front door's settings were at each.
            var access = rotation.Access.ExpiresAt >= session.View.Access.ExpiresAt
                ? rotation.Access : rotation.Access with { ExpiresAt = session.View.Access.ExpiresAt };
            var rotated = rotation with { Access = access };
            if (await ledger.CommitAsync(new WriteSet(SessionRows.Rotate(rotated, role, now))) == CommitOutcome.Applied)
                return session.View with { Role = role, Access = access };
        }
    }

    public async Task<Done> End(long sessionId)
    {
        while (await ledger.FindAsync(SessionRows.ById, sessionId) is { HasEnded: false } session)
            await ledger.CommitAsync(new WriteSet(SessionRows.End(session, clock.GetUtcNow())));
        return Done.It;
    }

    /// <summary>
    /// Whatever is committed is told at once. The cursor goes no farther than what is settled, behind which an older commit may
    /// still come; so that may be told again.
    /// </summary>
    public async Task<ListPage<EndedSession>> Ended(ListPlace after)
    {
        var settled = await ledger.SettledAsync();
        var rows = await ledger.QueryAsync(SessionRows.Ended, after.Position, after.Id, PageSize);
        var count = rows.Count(row => row.Place.Position <= settled);
        var cursor = count > 0 ? rows[count - 1].Place : after;
        return new([.. rows.Select(row => row.Session)], count == PageSize ? cursor : null, cursor);
    }
}
