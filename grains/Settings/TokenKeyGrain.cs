using System.Security.Cryptography;

namespace Mall.Settings;

/// <summary>Makes the token key on first use; whoever comes second reads what the first has committed.</summary>
public sealed class TokenKeyGrain(GrainLedger ledger) : Grain, ITokenKeyGrain
{
    private const string Setting = "token-key";

    private static readonly Column s_name = new("name", ColumnType.Text);
    private static readonly Column s_value = new("value", ColumnType.Text);
    private static readonly RowShape s_insert = new Table("settings", s_name).Insert(s_name, s_value);
    private static readonly Query<string> s_find = new(
        "select s.value from settings s where s.name = @p1", row => row.GetString(0));

    private ImmutableArray<byte>? _key;

    public async Task<ImmutableArray<byte>> Get() => _key ??= await LoadAsync();

    private async Task<ImmutableArray<byte>> LoadAsync()
    {
        if (await ledger.FindAsync(s_find, Setting) is null)
        {
            var made = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)); // the one place where a seed would be wrong
            await ledger.CommitAsync(new WriteSet(s_insert.With(Setting, made)));
        }

        return [.. Convert.FromBase64String((await ledger.FindAsync(s_find, Setting))!)];
    }
}
