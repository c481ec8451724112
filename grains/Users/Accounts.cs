namespace Mall.Users;

/// <summary>Makes accounts without the network: for the command that an operator's host runs.</summary>
public static class Accounts
{
    /// <summary>Creates the account, or gives an existing one with this mobile the role and the password, and ends
    /// its sessions, which have been begun with others.</summary>
    /// <returns>The account's id, and whether it is new.</returns>
    public static async Task<(long Id, bool IsNew)> PutAsync(ILedger ledger, NewUser account, DateTimeOffset now)
    {
        while (true)
        {
            var found = await ledger.QueryAsync(UserRows.ByMobile, CancellationToken.None, account.Mobile);
            var id = found.Count > 0 ? found[0].Id : await ledger.NextIdAsync("users");
            var sessions = await ledger.QueryAsync(SessionRows.OfUser, CancellationToken.None, id);
            RowChange[] changes = found.Count > 0
                ? [UserRows.Empower(id, account, now), .. sessions.SelectMany(session => SessionRows.End(session, now))]
                : UserRows.Insert(id, account, now);
            if (await ledger.CommitAsync(new WriteSet(changes)) != CommitOutcome.Applied) continue;
            await EndSessionsAsync(ledger, id, now);
            return (id, found.Count == 0);
        }
    }

    /// <summary>
    /// Those that began between the look and the commit. None begins with the old password from then on; one that has begun with
    /// the new one already is the price.
    /// </summary>
    private static async Task EndSessionsAsync(ILedger ledger, long userId, DateTimeOffset now)
    {
        while (await ledger.QueryAsync(SessionRows.OfUser, CancellationToken.None, userId) is { Count: > 0 } sessions)
        {
            foreach (var session in sessions)
                await ledger.CommitAsync(new WriteSet(SessionRows.End(session, now))); // A conflict: it moves, and is seen again.
        }
    }
}
