using Microsoft.Data.Sqlite;

namespace Mall.Simulation;

/// <summary>
/// Triggers that note, in the transaction that does it, what the rows of products, users and sagas have been, and every step that
/// no row may ever take. What the clean-up removes stays known here. Times are ticks of the right clock.
/// </summary>
internal static class Watch
{
    private const string Tables = """
        create table seen_products (at integer, id integer, stock integer, sold integer, status integer, epoch integer);
        create index seen_products_by_id on seen_products (id);
        create table seen_users (at integer, id integer, mobile text, is_there integer);
        create table seen_sagas (at integer, gid text, status text, version integer);
        create index seen_sagas_by_gid on seen_sagas (gid);
        create table seen_steps (at integer, invariant text, subject text, sentence text);

        create trigger product_born after insert on products begin
          insert into seen_products values (now_ticks(), new.id, new.stock, new.sold, new.status, new.owner_epoch);
        end;
        create trigger product_moved after update on products begin
          insert into seen_products values (now_ticks(), new.id, new.stock, new.sold, new.status, new.owner_epoch);
        end;
        create trigger user_born after insert on users begin
          insert into seen_users values (now_ticks(), new.id, new.mobile, 1);
        end;
        create trigger user_gone after delete on users begin
          insert into seen_users values (now_ticks(), old.id, old.mobile, 0);
        end;
        create trigger saga_born after insert on sagas begin
          insert into seen_sagas values (now_ticks(), new.gid, new.status, new.version);
        end;
        create trigger saga_moved after update of status, version on sagas begin
          insert into seen_sagas values (now_ticks(), new.gid, new.status, new.version);
        end;
        """;

    /// <summary>On which table's change, when it is wrong, which invariant it breaks, whose row it is, and what to say.</summary>
    private static readonly (string On, string When, string Invariant, string Subject, string Sentence)[] s_wrongSteps =
    [
        ("update on products", "new.owner_epoch < old.owner_epoch", nameof(Invariant.Fence), "new.id",
            "'the owner epoch went back from ' || old.owner_epoch || ' to ' || new.owner_epoch"),
        ("update on products", "new.stock < 0", nameof(Invariant.StockConserved), "new.id", "'the stock is negative'"),
        ("update of status, version on sagas", "new.version <= old.version", nameof(Invariant.Fence), "new.gid",
            "'the version went from ' || old.version || ' to ' || new.version"),
        ("update of status, version on sagas",
            """
            old.status || '>' || new.status not in ('prepared>prepared', 'prepared>submitted', 'prepared>aborting',
              'submitted>submitted', 'submitted>aborting', 'submitted>succeed', 'submitted>failed', 'aborting>aborting',
              'aborting>failed')
            """,
            nameof(Invariant.SagaSteps), "new.gid", "'the saga went from ' || old.status || ' to ' || new.status"),
        ("update of status, version on sagas",
            """
            new.status = 'failed' and exists (select 1 from barrier a where a.gid = new.gid and a.op = 'action' and not exists (
              select 1 from barrier c where c.gid = a.gid and c.branch_id = a.branch_id and c.op = 'compensate'))
            """,
            nameof(Invariant.CompensationSucceeds), "new.gid", "'the saga failed before every branch was compensated'"),
        ("update of status, version on sagas",
            """
            new.status = 'succeed' and new.kind = 'order' and (
              select count(*) from barrier b where b.gid = new.gid and b.op = 'action' and b.reason = 'action') <>
              1 + (select count(*) from order_items i join orders o on o.id = i.order_id where o.gid = new.gid)
            """,
            nameof(Invariant.NothingUndone), "new.gid", "'the saga succeeded before every branch had acted'"),
        ("insert on barrier",
            """
            new.op = 'action' and new.reason = 'action'
              and exists (select 1 from sagas s where s.gid = new.gid and s.status in ('succeed', 'failed'))
            """,
            nameof(Invariant.NothingUndone), "new.gid", "'branch ' || new.branch_id || ' acted after its saga had ended'"),
        ("update on barrier", "1", nameof(Invariant.Barrier), "new.gid", "'a barrier row was changed'"),
        ("delete on barrier", "exists (select 1 from sagas s where s.gid = old.gid)", nameof(Invariant.Barrier), "old.gid",
            "'the barrier row of branch ' || old.branch_id || ' went before its saga'"),
        ("update of status on orders", "old.status || '>' || new.status not in ('0>0', '0>1', '0>2', '0>9', '1>3')",
            nameof(Invariant.OrderSteps), "new.id", "'the order went from ' || old.status || ' to ' || new.status"),
        ("delete on orders", "1", nameof(Invariant.NothingLost), "old.id", "'the order was removed'"),
        ("insert on sagas", "exists (select 1 from seen_sagas s where s.gid = new.gid)", nameof(Invariant.KeyForEver), "new.gid",
            "'the saga of this gid has begun a second time'"),
    ];

    /// <param name="ticks">The time that is noted.</param>
    public static void Over(SqliteConnection connection, Func<long> ticks)
    {
        connection.CreateFunction("now_ticks", ticks);
        using var command = connection.CreateCommand();
        command.CommandText = string.Concat(s_wrongSteps.Select((step, i) => $"""
            create trigger wrong_step_{i} {(step.On == "insert on sagas" ? "before" : "after")} {step.On}
            when {step.When} begin
              insert into seen_steps values (now_ticks(), '{step.Invariant}', {step.Subject}, {step.Sentence});
            end;

            """).Prepend(Tables));
        command.ExecuteNonQuery();
    }
}
