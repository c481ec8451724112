using Mall.Ledger.Stores;
using Mall.TestServers;

namespace Mall.Ledger.Tests;

/// <summary>Leases on a file.</summary>
public sealed class SqliteLeaseContract : LeaseContract
{
    private readonly TemporaryFolder _folder = new();

    protected override Task<StoreAddress> NewDatabaseAsync() =>
        Task.FromResult(StoreAddress.Parse($"sqlite:{_folder.File("mall.db")}"));

    protected override ValueTask ReleaseAsync()
    {
        _folder.Dispose();
        return default;
    }
}

/// <summary>Leases on a real PostgreSQL.</summary>
public sealed class PostgresLeaseContract : LeaseContract
{
    private readonly ServerDatabase _database = new(DatabaseKind.Postgres, "leases");

    protected override async Task<StoreAddress> NewDatabaseAsync()
    {
        await _database.PrepareAsync();
        return _database.Address;
    }
}

/// <summary>Leases on a real MariaDB.</summary>
public sealed class MariaDbLeaseContract : LeaseContract
{
    private readonly ServerDatabase _database = new(DatabaseKind.MariaDb, "leases");

    protected override async Task<StoreAddress> NewDatabaseAsync()
    {
        await _database.PrepareAsync();
        return _database.Address;
    }
}
