using Mall.Ledger.Stores;
using Mall.TestServers;

namespace Mall.Ledger.Tests;

/// <summary>The contract on a real server.</summary>
public abstract class ServerContract(DatabaseKind kind) : StoreContract
{
    private readonly ServerDatabase _database = new(kind, "contract");

    public override async ValueTask InitializeAsync()
    {
        await _database.PrepareAsync();
        await base.InitializeAsync();
    }

    protected override IStore NewStore()
    {
        Options.Address = _database.Address;
        return LedgerServices.StoreAt(Options, TimeProvider.System);
    }
}

public sealed class PostgresContract() : ServerContract(DatabaseKind.Postgres);

public sealed class MariaDbContract() : ServerContract(DatabaseKind.MariaDb)
{
    /// <summary>A packet has 16 MiB. It is no conflict, which would be tried again for ever, and it holds up nobody.</summary>
    [Theory]
    [InlineData('x', 17)]
    [InlineData('茶', 6)] // Of three bytes.
    public async Task Text_ThatFitsIntoNoPacket_IsAFaultOfItsAuthorAlone(char letter, int millions)
    {
        await Commit(TestTables.Setting("a", "1"));
        var outcomes = await ApplyTogether(
            new WriteSet(TestTables.SetSetting.With("a", new string(letter, millions << 20))),
            new WriteSet(TestTables.Setting("b", "1")));

        Assert.Equal([nameof(LedgerFaultException), CommitOutcome.Applied], outcomes);
    }
}
