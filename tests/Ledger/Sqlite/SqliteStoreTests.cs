using Mall.Ledger.Sqlite;
using Mall.Ledger.Stores;

namespace Mall.Ledger.Tests;

/// <summary>The contract on a file, as in production.</summary>
public sealed class SqliteFileContract : StoreContract
{
    private readonly TemporaryFolder _folder = new();

    protected override IStore NewStore() =>
        new SqliteStore(StoreAddress.Parse($"sqlite:{_folder.File("mall.db")}"), TimeProvider.System);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }
}

/// <summary>The contract in memory, on the caller's thread, as in simulations.</summary>
public sealed class SqliteInlineContract : StoreContract
{
    protected override IStore NewStore() =>
        new SqliteStore(StoreAddress.Parse("sqlite::memory:"), TimeProvider.System, new InlineScheduler());
}
