namespace Mall.Users;

/// <summary>Makes accounts without the network: for the command that an operator's host runs.</summary>
public static class Accounts
{
    /// <summary>Creates the account, or gives an existing one with this mobile the role and the password.</summary>
    /// <returns>The account's id, and whether it is new.</returns>
    public static async Task<(long Id, bool IsNew)> PutAsync(ILedger ledger, NewUser account, DateTimeOffset now)
    {
        while (true)
        {
            var found = await ledger.QueryAsync(UserRows.ByMobile, CancellationToken.None, account.Mobile);
            var id = found.Count > 0 ? found[0].Id : await ledger.NextIdAsync("users");
            var changes = found.Count > 0 ? [UserRows.Empower(id, account, now)] : UserRows.Insert(id, account, now);
            if (await ledger.CommitAsync(new WriteSet(changes)) == CommitOutcome.Applied) return (id, found.Count == 0);
        }
    }
}
