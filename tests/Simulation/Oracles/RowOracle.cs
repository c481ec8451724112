using System.Globalization;
using Mall.Ledger;

namespace Mall.Simulation;

/// <summary>What the rows alone show to be wrong; nothing that the mall says about itself is believed.</summary>
public static class RowOracle
{
    /// <summary>The stock that orders hold: by the barrier; by their status when the clean-up has removed their saga.</summary>
    private const string Held = """
        select i.product_id, sum(i.quantity) as quantity
        from (
          select order_id, product_id, quantity,
            printf('%02d', 1 + row_number() over (partition by order_id order by product_id)) as branch_id
          from order_items) i
        join orders o on o.id = i.order_id
        left join sagas s on s.gid = o.gid
        left join barrier a on a.gid = o.gid and a.branch_id = i.branch_id and a.op = 'action' and a.reason = 'action'
        left join barrier c on c.gid = o.gid and c.branch_id = i.branch_id and c.op = 'compensate'
        where case when s.gid is null then o.status not in (2, 3, 9) else a.gid is not null and c.gid is null end
        group by i.product_id
        """;

    /// <summary>True at every moment.</summary>
    private static readonly (Invariant Invariant, string Sentence, string Sql)[] s_always =
    [
        (Invariant.Barrier, "are sold by its row, and by its orders' barrier rows: an effect without its row, or a row without",
            $"""
            select p.id, p.sold, coalesce(h.quantity, 0) from products p left join ({Held}) h on h.product_id = p.id
            where p.sold <> coalesce(h.quantity, 0)
            """),
        (Invariant.Barrier, "a barrier row of a saga that never was",
            "select distinct gid from barrier b where trans_type = 'saga' and not exists (select 1 from seen_sagas s where s.gid = b.gid)"),
        (Invariant.NothingTwice, "an order of a saga that never was",
            "select gid, id from orders o where not exists (select 1 from seen_sagas s where s.gid = o.gid)"),
        (Invariant.NothingLost, "the amount is not the sum of its items",
            """
            select gid, id from orders o
            where amount <> (select sum(quantity * price) from order_items i where i.order_id = o.id)
            """),
    ];

    /// <summary>True when nothing is under way any more.</summary>
    private static readonly (Invariant Invariant, string Sentence, string Sql)[] s_inTheEnd =
    [
        (Invariant.SagasEnd, "the saga has not ended (status, attempts, next time, reason)",
            """
            select gid, status, attempts, coalesce(next_time, 'parked'), reason from sagas
            where status not in ('succeed', 'failed') or finish_time is null or next_time is not null
            """),
        (Invariant.OrderSteps, "the order's status and its saga's do not agree",
            """
            select o.gid, o.status, s.status from orders o join sagas s on s.gid = o.gid
            where (s.status = 'succeed') <> (o.status in (0, 1, 2, 3)) or (s.status = 'failed') <> (o.status = 9)
            """),
        (Invariant.NothingLost, "the saga succeeded, and there is no order",
            """
            select gid from sagas s
            where kind = 'order' and status = 'succeed' and not exists (select 1 from orders o where o.gid = s.gid)
            """),
        (Invariant.CompensationSucceeds, "the saga failed, and this branch kept what it did",
            """
            select s.gid, b.branch_id from sagas s join barrier b on b.gid = s.gid and b.op = 'action' and b.reason = 'action'
            where s.status = 'failed' and not exists (
              select 1 from barrier c where c.gid = b.gid and c.branch_id = b.branch_id and c.op = 'compensate')
            """),
        (Invariant.Barrier, "a compensation without the row of its action",
            """
            select gid, branch_id from barrier c where op = 'compensate'
              and exists (select 1 from sagas s where s.gid = c.gid)
              and not exists (select 1 from barrier a where a.gid = c.gid and a.branch_id = c.branch_id and a.op = 'action')
            """),
        (Invariant.NothingUndone, "the saga succeeded, and one of its branches was undone",
            """
            select s.gid, b.branch_id from sagas s join barrier b on b.gid = s.gid
            where s.status = 'succeed' and b.op = 'compensate'
            """),
        (Invariant.NothingTwice, "the user was not welcomed exactly once",
            """
            select u.id, p.balance from users u left join points p on p.user_id = u.id
            where p.balance is null or p.balance <> 10
            """),
    ];

    /// <summary>Steps that no row may take, and what must be true at every moment.</summary>
    public static IEnumerable<Finding> During(SimulatedDatabase database) =>
        database.Read(new Query<Finding>(
                "select invariant, subject, sentence from seen_steps order by rowid limit 20",
                row => new Finding(Enum.Parse<Invariant>(row.GetString(0)), row.GetValue(1).ToString()!, row.GetString(2))))
            .Concat(s_always.SelectMany(check => Find(database, check)));

    /// <summary>When all has come to rest.</summary>
    public static IEnumerable<Finding> After(SimulatedDatabase database) =>
        During(database).Concat(s_inTheEnd.SelectMany(check => Find(database, check)));

    private static IEnumerable<Finding> Find(
        SimulatedDatabase database, (Invariant Invariant, string Sentence, string Sql) check) =>
        database.Read(new Query<Finding>(check.Sql, row => new Finding(
            check.Invariant,
            Convert.ToString(row.GetValue(0), CultureInfo.InvariantCulture)!,
            string.Join(' ', Enumerable.Range(1, row.FieldCount - 1)
                .Select(i => Convert.ToString(row.GetValue(i), CultureInfo.InvariantCulture)).Append(check.Sentence)))));
}
