using System.Globalization;
using Mall.Ledger.Stores;
using Mall.TestServers;

namespace Mall.Ledger.Tests;

/// <summary>The words in which these tests are told.</summary>
public abstract partial class ServerFaultTests
{
    private const string Committer = "test";
    private static readonly TimeSpan s_longPatience = TimeSpan.FromSeconds(60);

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
        return batch.Pending[0].Outcome;
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

    /// <summary>
    /// A ledger whose batches wait for locks as long as a test needs, and are counted when they have a barrier.
    /// </summary>
    private async Task<DurableLedger> OpenPatientAsync()
    {
        await Sql("create sequence attempts");
        await Sql(faults.Kind == DatabaseKind.Postgres
            ? """
              create function be_patient() returns trigger language plpgsql as $$ begin
                perform nextval('attempts'), set_config('lock_timeout', '60s', true),
                  set_config('deadlock_timeout', '10ms', true);
                return new;
              end $$;
              create trigger be_patient before insert on barrier for each row execute function be_patient()
              """
            : """
              create trigger be_patient before insert on barrier for each row
                set innodb_lock_wait_timeout = 60, @attempt = nextval(attempts)
              """);
        var ledger = TestStores.LedgerOn(NewStore(patience: s_longPatience), Options(s_longPatience));
        await ledger.OpenAsync(Cancel);
        return ledger;
    }

    /// <summary>How often a barrier row was to be inserted; no rollback takes that back.</summary>
    private async Task<int> Attempts() => await Count(
        faults.Kind == DatabaseKind.Postgres ? "select nextval('attempts')" : "select nextval(attempts)") - 1;

    /// <summary>Waits until so many sessions wait for a lock.</summary>
    private Task UntilWaiting(int sessions) => Eventually(
        async () => sessions == await Count(
            faults.Kind == DatabaseKind.Postgres
                ? $"select count(*) from pg_stat_activity where datname = '{Database}' and wait_event_type = 'Lock'"
                : "select count(*) from information_schema.innodb_trx where trx_state = 'LOCK WAIT'"),
        TimeSpan.FromMilliseconds(150)); // MariaDB tells whoever asks again within 100 ms what it has told before.

    private async Task<int> Count(string sql) => int.Parse(await Sql(sql), CultureInfo.InvariantCulture);

    /// <summary>Waits for a condition of the outside world, which tells nobody when it comes to be.</summary>
    private static async Task Eventually(Func<Task<bool>> condition, TimeSpan? every = null)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await condition()) await Task.Delay(every ?? TimeSpan.FromMilliseconds(20), limit.Token);
    }
}
