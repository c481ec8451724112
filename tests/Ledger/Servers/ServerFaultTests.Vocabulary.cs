using System.Globalization;
using Mall.Ledger.Stores;
using Mall.TestServers;

namespace Mall.Ledger.Tests;

/// <summary>The words in which these tests are told.</summary>
public abstract partial class ServerFaultTests
{
    private const string Committer = "test";

    private static Batch NumberedBatch(long number, params WriteSet[] writeSets)
    {
        var batch = StoreContract.BatchOf(writeSets);
        (batch.Committer, batch.Number) = (Committer, number);
        return batch;
    }

    private async Task<CommitOutcome> ApplyAsync(Batch batch)
    {
        await OnScheduler(Store, async () =>
        {
            await Store.ApplyAsync(batch);
            return true;
        });
        return batch.Outcome(0);
    }

    /// <summary>Applies the batch, and cuts the connection as soon as the network holds back what it was told to.</summary>
    private async Task<StoreException> FailAsync(Batch batch, Func<Task> cutWhen, Action cut)
    {
        // So that the connection is there already, and what is held is the batch itself.
        await ApplyAsync(NumberedBatch(1, new WriteSet(TestTables.Setting($"warm up {batch.Number}", "1"))));
        var held = cutWhen();
        var failing = ApplyAsync(batch);
        await held;
        cut();
        return await Assert.ThrowsAsync<StoreException>(() => failing);
    }

    private Task<bool> HasCommitted(long number) => OnScheduler(Store, () => Store.HasCommittedAsync(Committer, number).AsTask());

    private static Task<T> OnScheduler<T>(IStore store, Func<Task<T>> action) =>
        Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.None, store.Scheduler).Unwrap();

    /// <summary>Sessions of the database, but for the one that asks.</summary>
    private Task<int> Sessions() => Count(faults.Kind == DatabaseKind.Postgres
        ? $"select count(*) from pg_stat_activity where datname = '{Database}' and pid <> pg_backend_pid()"
        : $"select count(*) from information_schema.processlist where db = '{Database}' and id <> connection_id()");

    private async Task<int> Count(string sql) => int.Parse(await Sql(sql), CultureInfo.InvariantCulture);

    /// <summary>Waits for a condition of the outside world, which tells nobody when it comes to be.</summary>
    private static async Task Eventually(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await condition()) await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
    }
}
