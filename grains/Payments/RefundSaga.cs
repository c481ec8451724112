using System.Globalization;
using Mall.Hosting;

namespace Mall.Payments;

/// <summary>What a refund will do, decided before it is durable.</summary>
/// <param name="Items">What comes back; nothing when the payment came after the order had closed.</param>
/// <param name="IsLate">It came after the order had closed: the money goes back, and nothing else is to be undone.</param>
/// <param name="Key">Under which the order's user asked for it; null for none.</param>
public sealed record RefundIntent(
    ProviderRequest Payment, string Provider, string OrderGid, long UserId, ImmutableArray<OrderItem> Items, bool IsLate,
    Idempotency? Key);

/// <summary>
/// The branches of a refund: 01 has the provider give the money back, the following return the stock of one item each, and the
/// last, after all of them, says so in the books: payment, order, points and event in one commit. None of them refuses, and none
/// can be undone, so a refund that has begun is carried through.
/// </summary>
public sealed class RefundSagaKind(GrainLedger ledger, LedgerClock clock, PaymentProviders providers, PaymentMetrics metrics)
    : SagaKind<RefundIntent>("refund", PaymentJson.Default.RefundIntent)
{
    private const string MoneyBack = "01";

    public override bool OnlyForward => true;

    public override ISagaGrain Grain(IGrainFactory grains, string gid) => grains.GetGrain<IRefundSagaGrain>(gid);

    /// <summary>A refund that nobody waits for, to be committed with what makes it due.</summary>
    internal RowChange Late(Payment payment, DateTimeOffset now)
    {
        var intent = new RefundIntent(payment.ToProvider, payment.Provider, "", payment.UserId, [], IsLate: true, Key: null);
        return SagaRows.Insert(
            new SagaRecord(
                Refunds.GidOf(payment.OrderId), Name, SagaStatus.Submitted, Write(intent), RequestHash: null,
                payment.UserId, Reason: null, Attempts: 0, Version: 1, NextTime: now, TraceParent: LaterTraces.Here),
            now);
    }

    /// <summary>The key under which it was asked for belongs to it from now on.</summary>
    public override WriteSet? Opening(SagaRecord saga, RefundIntent intent, DateTimeOffset now) => intent.Key is { } key
        ? IdempotencyRows.Under(key, Name, intent.Payment.OrderId, now)
        : null;

    public override IReadOnlyList<SagaBranch> Plan(IGrainFactory grains, string gid, RefundIntent intent)
    {
        var plan = new List<SagaBranch>
        {
            new(MoneyBack, $"payment/{intent.Payment.PaymentId} Refund", () => GiveBackAsync(intent), NeverAsync),
        };
        plan.AddRange(StockReturns.Branches(grains, gid, intent.Items, firstBranch: 2, after: MoneyBack));
        var books = new Branch(gid, (plan.Count + 1).ToString("00", CultureInfo.InvariantCulture));
        plan.Add(new SagaBranch(
            books.BranchId, $"order/{intent.Payment.OrderId} Refund", () => WriteDownAsync(books, intent), NeverAsync,
            After: [.. plan.Select(branch => branch.Id)]));
        return plan;
    }

    private async Task<Refusal?> GiveBackAsync(RefundIntent intent)
    {
        var provider = providers.Find(intent.Provider)
            ?? throw new InvalidOperationException($"The payment provider {intent.Provider} is not configured any more.");
        await provider.RefundAsync(intent.Payment);
        return null;
    }

    private async Task<Refusal?> WriteDownAsync(Branch branch, RefundIntent intent)
    {
        var (now, payment) = (clock.GetUtcNow(), intent.Payment);
        var changes = new List<RowChange> { PaymentRows.Refund(payment.PaymentId, now) };
        if (!intent.IsLate)
        {
            var refunded = new OrderEvent(payment.OrderId, intent.OrderGid, intent.UserId, payment.Amount);
            changes.Add(OrderRows.Refunded(payment.OrderId, now));
            changes.AddRange(PointRows.Move(
                intent.UserId, -PointRows.For(payment.Amount), PointCauses.Refund, payment.PaymentId, now));
            changes.Add(await ledger.OrderEventAsync(EventTypes.OrderRefunded, refunded, now));
        }

        var outcome = await ledger.CommitAsync(new WriteSet(branch.Action(), [.. changes]));
        if (outcome == CommitOutcome.Applied) metrics.Refunded();
        return outcome is CommitOutcome.Applied or CommitOutcome.Duplicate
            ? null
            : throw new StaleActivationException($"Order {payment.OrderId} or its payment is not as its refund found it.");
    }

    private static Task NeverAsync(Refusal why) =>
        throw new UnreachableException("No branch of a refund refuses, and nobody aborts one.");
}

/// <summary>Refunds one order.</summary>
[HashBasedPlacement, GrainDirectory(KeyPlacement.Directory)]
public sealed class RefundSagaGrain(RefundSagaKind kind, SagaServices services, PaymentProviders providers)
    : SagaGrain<RefundIntent>(kind, services), IRefundSagaGrain
{
    private readonly GrainLedger _ledger = services.Ledger;
    private readonly LedgerClock _clock = services.Clock;

    private Visits Calls => field ??= new Visits(LeaveUnlessBusy);

    public async Task<Result<OrderView>> Refund(long orderId, RefundOrder command)
    {
        using var call = Calls.Enter();
        return await RefundAsync(orderId, command);
    }

    /// <summary>
    /// The last call leaves, and no earlier one: another may be about to begin the refund, and will wait for the provider.
    /// </summary>
    protected override void LeaveUnlessBusy()
    {
        if (Calls.IsEmpty) base.LeaveUnlessBusy();
    }

    private async Task<Result<OrderView>> RefundAsync(long orderId, RefundOrder command)
    {
        if (await _ledger.FindUnderAsync(command.Idempotency) is { IsRefused: true } reused) return reused.Refusal;
        var order = await LookAsync(orderId, command.UserId);
        if (order is { Value.Status: OrderStatus.Paid })
        {
            var begun = await BeginAsync(
                requestHash: null, command.UserId, () => DecideAsync(order.Value, command), () => RecallAsync(command));
            if (begun.IsRefused) return begun.Refusal;
            if (await EndAsync() is { } refusal) return refusal;
            order = await LookAsync(orderId, command.UserId);
        }

        if (order is not { Value.Status: OrderStatus.Refunded })
        {
            return order.Refusal ?? Result.Refused(
                ErrorCodes.OrderStatusForbids,
                $"Order {orderId} is {OrderStatus.Text(order.Value!.Status)}; only a paid order can be refunded.");
        }

        // It was refunded before, or under another key: what is asked for is so, and this key has its answer, too.
        while (command.Idempotency is { } key)
        {
            if (await _ledger.FindUnderAsync(key) is { } used) return used.IsRefused ? used.Refusal : order;
            await _ledger.CommitAsync(IdempotencyRows.Under(key, kind.Name, orderId, _clock.GetUtcNow()));
        }

        return order;
    }

    private Task<Result<OrderView>> LookAsync(long orderId, long userId) =>
        GrainFactory.GetGrain<IOrderHistoryGrain>(0).Get(userId, orderId);

    private async Task<Result<RefundIntent>> DecideAsync(OrderView order, RefundOrder command)
    {
        var payment = await _ledger.FindAsync(PaymentRows.OfOrder, order.Id)
            ?? throw new UnreachableException($"Order {order.Id} is paid and has no payment.");
        if (providers.Find(payment.Provider) is null) return PaymentProviders.None;
        return new RefundIntent(
            payment.ToProvider, payment.Provider, order.Gid, order.UserId, order.Items, IsLate: false, command.Idempotency);
    }

    /// <summary>The saga of a paid order has not ended, so it is never cleaned up: only its key can have been used.</summary>
    private async Task<SagaRemains<RefundIntent>?> RecallAsync(RefundOrder command) =>
        await _ledger.FindUnderAsync(command.Idempotency) is { IsRefused: true }
            ? new SagaRemains<RefundIntent>(null!, IsSameRequest: false, Refusal: null)
            : null;
}
