using Mall.Ledger.Postgres;
using Mall.Ledger.Stores;
using Mall.TestServers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mall.Ledger.Tests;

/// <summary>The contract on a real PostgreSQL.</summary>
public sealed class PostgresContract : StoreContract
{
    private readonly ServerDatabase _database = new(DatabaseKind.Postgres, "contract");

    public override async ValueTask InitializeAsync()
    {
        await _database.PrepareAsync();
        await base.InitializeAsync();
    }

    protected override IStore NewStore()
    {
        Options.Address = _database.Address;
        return new PostgresStore(Options, TimeProvider.System, NullLogger<PostgresStore>.Instance);
    }
}
