using Mall.Ledger.Stores;
using Mall.TestServers;
using static Mall.Ledger.CommitOutcome;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

/// <summary>
/// What a store says when its server fails, and that the ledger on it loses nothing and does nothing twice. The server is a real
/// one, reached through a network that can be cut.
/// </summary>
public abstract partial class ServerFaultTests(FaultServer faults) : IAsyncLifetime
{
    private protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private protected DatabaseServer Server => faults.Server;

    private protected string Database { get; private set; } = "";

    private protected TcpProxy Network { get; private set; } = null!;

    private protected IStore Store { get; private set; } = null!;

    private protected DurableLedger Ledger { get; private set; } = null!;

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        if (faults.WhyMissing is { } reason) Assert.Skip(reason);
        Database = await faults.NewDatabaseAsync();
        Network = new TcpProxy(Server.Port);
        Store = NewStore();
        Ledger = TestStores.LedgerOn(Store, Options());
        await Ledger.OpenAsync(Cancel);
        await Commit(Product(1, 100), Product(2, 100));
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Ledger is not null) await Ledger.DisposeAsync();
        if (Network is not null) await Network.DisposeAsync();
    }

    /// <summary>A store that reaches the server through the network, or past it.</summary>
    private protected IStore NewStore(bool direct = false, TimeSpan? patience = null)
    {
        var options = Options(patience);
        options.Address = StoreAddress.Parse(Server.AddressOf(Database, direct ? null : Network.Port));
        return LedgerServices.StoreAt(options, TimeProvider.System);
    }

    private protected LedgerOptions Options(TimeSpan? patience = null)
    {
        var options = TestStores.OptionsFor(StoreAddress.Parse(Server.AddressOf(Database)));
        (options.CommitTimeout, options.DrainTimeout, options.StartTimeout) =
            (patience ?? Patience, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(20));
        return options;
    }

    private protected Task<CommitOutcome> Commit(params RowChange[] changes) => Ledger.CommitAsync(new WriteSet(changes));

    private protected Task<CommitOutcome> Commit(BarrierKey barrier, params RowChange[] changes) =>
        Ledger.CommitAsync(new WriteSet(barrier, changes));

    /// <summary>What the table says, by the server's own client.</summary>
    private protected async Task<string> Sql(string sql) => await Server.RunSqlAsync(sql, Database, Cancel);

    private protected Task<string> StockOf(long product) => Sql($"select stock from products where id = {product}");
}
