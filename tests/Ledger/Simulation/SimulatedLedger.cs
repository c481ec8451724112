using Mall.TestFaults;
using Mall.Ledger.Sqlite;
using Mall.Ledger.Stores;

namespace Mall.Ledger.Tests;

/// <summary>A ledger in memory with faults, on one simulated thread.</summary>
internal sealed class SimulatedLedger
{
    public SimulatedLedger(int seed, FaultOptions? faults = null)
    {
        Thread = new SimulatedThread(seed, Time);
        Options = new LedgerOptions { Random = new Random(seed), Scheduler = Thread };
        Store = new FaultyStore(new SqliteStore(StoreAddress.Parse("sqlite::memory:"), Time, Thread),
            faults ?? new FaultOptions(), Time);
        Ledger = TestStores.LedgerOn(Store, Options, Time);
    }

    public ManualTime Time { get; } = new();

    public SimulatedThread Thread { get; }

    public LedgerOptions Options { get; }

    public FaultyStore Store { get; }

    public DurableLedger Ledger { get; }

    /// <summary>Opens the ledger, runs the scenario, disposes of the ledger.</summary>
    public void Run(Func<Task> scenario, TimeSpan? limit = null) => Thread.Run(
        async () =>
        {
            await Ledger.OpenAsync();
            await scenario();
            await Ledger.DisposeAsync();
        },
        limit ?? TimeSpan.FromHours(1));

    public Task<CommitOutcome> Commit(params RowChange[] changes) => Ledger.CommitAsync(new WriteSet(changes));

    public async Task<T> One<T>(Query<T> query, params Value[] parameters) =>
        Assert.Single(await Ledger.QueryAsync(query, CancellationToken.None, parameters));

    public Task Pass(TimeSpan time) => Task.Delay(time, Time);
}
