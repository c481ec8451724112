using System.Security.Cryptography;

namespace Mall.Settings;

/// <summary>
/// Keys that the mall makes for itself, in the table <c>settings</c>. Each is made on first use; whoever comes second reads what
/// the first has committed.
/// </summary>
internal static class StoredKeys
{
    private static readonly Column s_name = new("name", ColumnType.Text);
    private static readonly Column s_value = new("value", ColumnType.Text);
    private static readonly RowShape s_insert = new Table("settings", s_name).Insert(s_name, s_value);
    private static readonly Query<string> s_find = new(
        "select s.value from settings s where s.name = @p1", row => row.GetString(0));

    /// <returns>32 random bytes in base 64.</returns>
    public static async Task<string> FindOrMakeKeyAsync(this GrainLedger ledger, string setting)
    {
        if (await ledger.FindAsync(s_find, setting) is null)
        {
            var made = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)); // the one place where a seed would be wrong
            await ledger.CommitAsync(new WriteSet(s_insert.With(setting, made)));
        }

        return (await ledger.FindAsync(s_find, setting))!;
    }
}
