using Mall.Ledger.Stores;
using Microsoft.Extensions.Logging.Abstractions;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

/// <summary>What every store must do, whatever its database. One class a store derives from it.</summary>
public abstract partial class StoreContract : IAsyncLifetime
{
    private protected LedgerOptions Options { get; } = new() { Random = new Random(1) };

    private protected DurableLedger Ledger { get; private set; } = null!;

    private protected IStore Store { get; private set; } = null!;

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>An empty database of this test's own.</summary>
    protected abstract IStore NewStore();

    public virtual async ValueTask InitializeAsync()
    {
        Store = NewStore();
        Ledger = TestStores.LedgerOn(Store, Options);
        await Ledger.OpenAsync(Cancel);
    }

    public virtual async ValueTask DisposeAsync()
    {
        await Ledger.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected Task<CommitOutcome> Commit(params RowChange[] changes) => Ledger.CommitAsync(new WriteSet(changes));

    private protected Task<CommitOutcome> Commit(BarrierKey barrier, params RowChange[] changes) =>
        Ledger.CommitAsync(new WriteSet(barrier, changes));

    private protected async Task<T> One<T>(Query<T> query, params Value[] parameters) =>
        Assert.Single(await Ledger.QueryAsync(query, Cancel, parameters));

    private protected Task<IReadOnlyList<T>> All<T>(Query<T> query, params Value[] parameters) =>
        Ledger.QueryAsync(query, Cancel, parameters);

    /// <summary>Lets a committer take these as one batch, and says what became of each.</summary>
    private protected async Task<object[]> ApplyTogether(params WriteSet[] writeSets)
    {
        using var metrics = new LedgerMetrics();
        await using var committer = new GroupCommitter(Store, Options, TimeProvider.System, metrics, NullLogger.Instance);
        var commits = writeSets.Select(writes => OutcomeOf(committer.CommitAsync(writes))).ToList();
        committer.Start();
        return await Task.WhenAll(commits);
    }

    private static async Task<object> OutcomeOf(Task<CommitOutcome> commit)
    {
        try
        {
            return await commit;
        }
        catch (LedgerFaultException fault)
        {
            return fault.GetType().Name;
        }
    }

    internal static Batch BatchOf(params WriteSet[] writeSets)
    {
        var batch = new Batch { Committer = "test", Number = 1, Time = DateTimeOffset.UnixEpoch };
        new BatchPolicy(1_000, int.MaxValue).Fill(batch, writeSets.Select(writes => new PendingCommit(writes)));
        Assert.Equal(writeSets.Length, batch.Count);
        return batch;
    }

    private protected Task OnScheduler(Func<Task> action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.None, Store.Scheduler).Unwrap();
}
