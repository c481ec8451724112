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

public sealed class MariaDbContract() : ServerContract(DatabaseKind.MariaDb);
