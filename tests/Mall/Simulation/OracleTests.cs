using Mall.Ledger;
using Mall.Orders;
using Mall.Products;
using Mall.Simulation;

namespace Mall.Tests.Simulation;

/// <summary>An oracle that cannot fail is no oracle: each is fed a history in which one thing is wrong.</summary>
public sealed class OracleTests : IDisposable
{
    private readonly World _world = new(1);
    private readonly SimulatedDatabase _mall;
    private readonly Journal _journal;

    /// <summary>
    /// User 1 has ordered and paid 3 of product 7, was refused 50 of it, and let an order of 2 close; product 7 came with 10 and
    /// got 5 more; all is well.
    /// </summary>
    public OracleTests()
    {
        var machine = new SimulatedProcess(_world, "database");
        _mall = new SimulatedDatabase(machine.Scheduler, machine.Clock, new Random(1));
        _journal = new Journal(_mall);
        Sql("insert into users (id, mobile, password_hash, role, create_time, update_time) values (1, '138', '', 'user', 0, 0)");
        Sql("insert into points values (1, 13)");
        Sql("insert into point_movements values (1, 'registration', 1, 10, 0), (1, 'payment', 21, 3, 0)");
        Sql("""
            insert into products (id, shop_id, name, price, stock, sold, status, owner_epoch, create_time, update_time)
            values (7, 1, 'seven', 100, 10, 0, 1, 1, 0, 0)
            """);
        Ask(Asked.Product("1 p", "seven", 100, 10), Answer.Of<ProductView>(new ProductView(7, 1, "seven", "", 100, 10, 1)));
        Place("good", order: 1, quantity: 3);
        Sql("""
            insert into payments (id, order_id, user_id, amount, status, provider, public_url, create_time, update_time)
            values (21, 1, 1, 300, 0, 'bank', '', 0, 0)
            """);
        Sql("insert into bank values (21, 300, 0)");
        Sql("update payments set status = 1");
        Sql("update orders set status = 1 where id = 1");
        Place("shut", order: 3, quantity: 2);
        Sql("""
            insert into sagas (gid, kind, status, version, create_time, update_time)
            values ('close-3', 'closing', 'submitted', 1, 0, 0)
            """);
        Sql("""
            insert into barrier values ('saga', 'close-3', '01', 'action', '01', 'action', 0),
              ('saga', 'close-3', '02', 'action', '01', 'action', 0)
            """);
        Sql("update orders set status = 2 where id = 3");
        Sql("update products set stock = stock + 2, sold = sold - 2 where id = 7");
        End("close-3");
        Sql("""
            insert into outbox (id, type, subject, data, create_time) values (1, 'order.placed', 'order/1', '', 0),
              (2, 'order.placed', 'order/3', '', 0), (3, 'order.paid', 'order/1', '', 0), (4, 'order.closed', 'order/3', '', 0)
            """);
        Saga("bad", order: 2, quantity: 50);
        Sql("update sagas set status = 'aborting', version = 2 where gid = 'bad'");
        Sql("""
            insert into barrier values ('saga', 'bad', '02', 'action', '01', 'compensate', 0),
              ('saga', 'bad', '02', 'compensate', '01', 'compensate', 0),
              ('saga', 'bad', '01', 'compensate', '01', 'compensate', 0)
            """);
        Sql("update orders set status = 9 where id = 2");
        Sql("update sagas set status = 'failed', version = 3, next_time = null, finish_time = 1 where gid = 'bad'");
        Sql("insert into idempotency values (1, 's', '', 'stock', 7, null, 0)");
        Sql("update products set stock = stock + 5 where id = 7");
        Pass();
        Ask(OrderOf("good", 3), Placed("good", 1, 3));
        Ask(OrderOf("shut", 2), Placed("shut", 3, 2));
        Ask(OrderOf("bad", 50), Refused(ErrorCodes.NotEnoughStock, 12, 50));
        Ask(Asked.Adjustment("1 s", 7, 5), new Answer(null, "12", 12L));
    }

    public static TheoryData<Invariant, string> WrongRows => new()
    {
        { Invariant.Barrier, "update products set stock = stock - 1, sold = sold + 1 where id = 7" },
        { Invariant.Barrier, "delete from barrier where gid = 'good' and branch_id = '02'" },
        { Invariant.Barrier, "update barrier set reason = 'compensate' where gid = 'good'" },
        { Invariant.Barrier, "insert into barrier values ('saga', 'nobody', '02', 'action', '01', 'action', 0)" },
        { Invariant.Barrier, "delete from barrier where gid = 'bad' and op = 'action'" },
        { Invariant.StockConserved, "update products set stock = stock + 1 where id = 7" },
        { Invariant.Fence, "update products set owner_epoch = 0 where id = 7" },
        { Invariant.Fence, "update sagas set version = 1 where gid = 'good'" },
        { Invariant.SagaSteps, "update sagas set status = 'submitted', version = 9 where gid = 'good'" },
        { Invariant.SagasEnd, "update sagas set next_time = 5 where gid = 'good'" },
        { Invariant.CompensationSucceeds, "delete from barrier where gid = 'bad' and branch_id = '01' and op = 'compensate'" },
        { Invariant.NothingUndone, "insert into barrier values ('saga', 'good', '02', 'compensate', '01', 'compensate', 0)" },
        { Invariant.NothingUndone, "insert into barrier values ('saga', 'bad', '03', 'action', '01', 'action', 0)" },
        { Invariant.OrderSteps, "update orders set status = 0 where id = 2" },
        { Invariant.NothingLost, "delete from orders where id = 1" },
        { Invariant.NothingLost, "update orders set status = 9 where id = 1" },
        { Invariant.NothingLost, "update order_items set price = 1 where order_id = 1" },
        { Invariant.NothingLost, "delete from idempotency" },
        { Invariant.NothingLost, "update users set id = 2" },
        { Invariant.NothingTwice, "insert into point_movements values (1, 'payment', 22, 3, 0)" },
        { Invariant.NothingTwice, "update outbox set type = 'order.paid'" },
        { Invariant.NothingLost, "delete from outbox where type = 'order.closed'" },
        { Invariant.Barrier, "update products set stock = stock + 2, sold = sold - 2 where id = 7" },
        { Invariant.Barrier, "delete from barrier where gid = 'close-3' and branch_id = '02'" },
        { Invariant.SagasEnd, "update orders set status = 0 where id = 1" },
        { Invariant.OrderSteps, "update orders set promised_close_time = 1900000000000 where id = 3" },
        { Invariant.MoneyConserved, "update payments set status = 2" },
        { Invariant.MoneyConserved, "update bank set taken = 0" },
        { Invariant.MoneyConserved, "update bank set given_back = 300" },
        { Invariant.MoneyConserved, "insert into bank values (22, 100, 100)" },
        { Invariant.NothingTwice, "update points set balance = 20" },
        { Invariant.NothingTwice, "update orders set gid = 'other' where id = 1" },
        {
            Invariant.KeyForEver,
            """
            delete from sagas where gid = 'good';
            insert into sagas (gid, kind, status, create_time, update_time) values ('good', 'order', 'submitted', 0, 0)
            """
        },
    };

    public void Dispose() => _mall.Dispose();

    [Fact]
    public void Nothing_IsFound_WhereAllIsWell() => Assert.Empty(Findings());

    [Theory]
    [MemberData(nameof(WrongRows))]
    public void WrongRow_IsFound(Invariant broken, string sql)
    {
        foreach (var statement in sql.Split(';')) Sql(statement);
        Assert.Contains(Findings(), finding => finding.Invariant == broken);
    }

    [Fact]
    public void AcknowledgedOrder_ThatIsNotThere_OrNotAsAcknowledged_IsFound()
    {
        Ask(OrderOf("lost", 1), Placed("lost", 3, 1));
        Assert.Contains(Findings(), finding => finding is { Invariant: Invariant.NothingLost, Subject: "lost" });
    }

    [Fact]
    public void SameKey_WithAnotherAnswer_IsFound()
    {
        Ask(OrderOf("good", 3), Placed("good", 9, 3));
        Assert.Contains(Findings(), finding => finding.Invariant == Invariant.KeyForEver);
    }

    [Theory]
    [InlineData(ErrorCodes.KeyReused, false)]
    [InlineData(ErrorCodes.NotEnoughStock, true)]
    public void AnotherBody_UnderAKey_IsRefusedAsSuch_AndElseItIsFound(int code, bool isFound)
    {
        Ask(OrderOf("good", 99), Refused(code, 12, 99));
        Assert.Equal(isFound, Findings().Any(finding => finding.Invariant == Invariant.KeyForEver));
    }

    [Fact]
    public void RefusedOrder_ThatStands_IsFound()
    {
        Sql("delete from asked");
        Ask(OrderOf("good", 3), Refused(ErrorCodes.NotEnoughStock, 2, 3));
        Assert.Contains(Findings(), finding => finding is { Invariant: Invariant.NothingTwice, Subject: "good" });
    }

    [Theory]
    [InlineData(ErrorCodes.NotEnoughStock)]
    [InlineData(ErrorCodes.ProductOffSale)]
    [InlineData(ErrorCodes.NoSuchProduct)]
    [InlineData(ErrorCodes.SagaStatusForbids)]
    public void Refusal_ThatWasNeverTrue_IsFound(int code)
    {
        Ask(OrderOf("untrue", 1), Refused(code, 0, 1));
        Assert.Contains(Findings(), finding => finding is { Invariant: Invariant.RefusalTrue, Subject: "untrue" });
    }

    [Theory]
    [InlineData("payment", ErrorCodes.OrderStatusForbids, Invariant.RefusalTrue)]
    [InlineData("cancel", ErrorCodes.OrderStatusForbids, null)]
    [InlineData("cancel", null, Invariant.NothingLost)]
    [InlineData("refund", ErrorCodes.OrderStatusForbids, Invariant.RefusalTrue)]
    [InlineData("refund", null, Invariant.NothingLost)]
    public void AnswerAboutAPaidOrder_ThatIsNotSo_IsFound(string act, int? code, Invariant? broken)
    {
        Ask(Asked.About(act, OrderOf("good", 1, 3), key: null), new Answer(code, "so"));
        Assert.Equal(broken, Findings() is [var found, ..] ? found.Invariant : null);
    }

    [Theory]
    [InlineData("report", null, null)]
    [InlineData("report", ErrorCodes.BadSignature, Invariant.MoneyConserved)]
    [InlineData("forgery", ErrorCodes.BadSignature, null)]
    [InlineData("forgery", null, Invariant.MoneyConserved)]
    [InlineData("mistake", ErrorCodes.AmountDiffers, null)]
    [InlineData("mistake", null, Invariant.MoneyConserved)]
    public void Report_ThatIsBelieved_OrNot_AgainstReason_IsFound(string kind, int? code, Invariant? broken)
    {
        Ask(Asked.Report(kind, 21, "succeeded"), new Answer(code, "so"));
        Assert.Equal(broken is not null, Findings().Any(finding => finding.Invariant == broken));
    }

    [Fact]
    public void Refusal_OfABranchThatHadActed_IsFound()
    {
        Ask(OrderOf("good", 3), new Answer(
            ErrorCodes.SagaStatusForbids, "Branch 02 of good was compensated before it was called."));
        Assert.Contains(Findings(), finding => finding.Sentence.EndsWith("the branch had acted", StringComparison.Ordinal));
    }

    [Fact]
    public void Refusal_ThatWasTrueForAMoment_IsNone()
    {
        var entry = _journal.Ask("a", OrderOf("moment", 5), _world.UtcNow);
        Pass();
        Sql($"insert into reserved values (7, 8, {_world.UtcNow.UtcTicks}, {_world.UtcNow.UtcTicks})");
        Pass();
        _journal.Hear(entry, Refused(ErrorCodes.NotEnoughStock, 4, 5), _world.UtcNow);
        Assert.DoesNotContain(Findings(), finding => finding.Invariant == Invariant.RefusalTrue);
    }

    [Fact]
    public void Adjustment_WithoutAnAnswer_MayHaveHappenedOnce_ButNotTwice()
    {
        _journal.Ask("seller", Asked.Adjustment(null, 7, 5), _world.UtcNow);
        Assert.Empty(Findings());
        Sql("update products set stock = stock + 5 where id = 7");
        Assert.Empty(Findings());
        Sql("update products set stock = stock + 5 where id = 7");
        Assert.Contains(Findings(), finding => finding.Invariant == Invariant.StockConserved);
    }

    [Fact]
    public void OrderOfAnotherProduct_ThatWaitsForALockedRow_IsFound()
    {
        Pass(40);
        _mall.LockRow("products", "8", TimeSpan.FromMinutes(1));
        Pass();
        var entry = _journal.Ask("a", OrderOf("held up", 1), _world.UtcNow);
        Pass(6);
        _journal.Hear(entry, Placed("held up", 4, 1), _world.UtcNow);
        Assert.Contains(Findings(isCalm: true), finding => finding.Invariant == Invariant.OneSickRow);
        Assert.DoesNotContain(Findings(), finding => finding.Invariant == Invariant.OneSickRow);
    }

    private IReadOnlyList<Finding> Findings(bool isCalm = false) => Oracle.After(_mall, isCalm);

    private void Sql(string sql) => _mall.Read(new Query<int>(sql, _ => 0));

    private void Pass(int seconds = 1) => _world.Pass(TimeSpan.FromSeconds(seconds));

    private void Place(string gid, long order, long quantity)
    {
        Saga(gid, order, quantity);
        Sql($"insert into barrier values ('saga', '{gid}', '02', 'action', '01', 'action', 0)");
        Sql($"update products set stock = stock - {quantity}, sold = sold + {quantity} where id = 7");
        End(gid);
    }

    private void End(string gid) =>
        Sql($"update sagas set status = 'succeed', version = 2, next_time = null, finish_time = 1 where gid = '{gid}'");

    private void Saga(string gid, long order, long quantity)
    {
        Sql($"insert into barrier values ('saga', '{gid}', '01', 'action', '01', 'action', 0)");
        Sql($"""
            insert into sagas (gid, kind, status, version, create_time, update_time)
            values ('{gid}', 'order', 'submitted', 1, 0, 0)
            """);
        Sql($"""
            insert into orders (id, gid, user_id, amount, status, create_time, update_time)
            values ({order}, '{gid}', 1, {quantity * 100}, 0, 0, 0)
            """);
        Sql($"insert into order_items values ({order}, 7, 'seven', {quantity}, 100)");
    }

    private void Ask(Asked what, Answer answer)
    {
        var entry = _journal.Ask("somebody", what, _world.UtcNow);
        Pass();
        _journal.Hear(entry, answer, _world.UtcNow);
        Pass();
    }

    private static Asked OrderOf(string gid, long quantity) => Asked.Order(gid, true, 1, [new OrderLine(7, quantity)]);

    private static Answer Placed(string gid, long id, long quantity) => Answer.Of<OrderView>(OrderOf(gid, id, quantity));

    private static OrderView OrderOf(string gid, long id, long quantity) =>
        new(id, gid, 1, [new OrderItem(7, "seven", quantity, 100)], quantity * 100, 0, default, default, null);

    private static Answer Refused(int code, long left, long wanted) => new(code, $"Product 7 has {left} left, {wanted} wanted.");
}
