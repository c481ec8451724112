namespace Mall.Payments;

/// <summary>
/// A payment. It keeps nothing in memory: each report reads the rows of payment and order and commits what follows from them
/// under guards on both statuses, all in one write set. So a report takes effect once, whoever repeats it, however late, and
/// whatever else happens to the order meanwhile: what finds other statuses than it has read looks again.
/// </summary>
public sealed partial class PaymentGrain(
    GrainLedger ledger, LedgerClock clock, RefundSagaKind refunds, PaymentMetrics metrics, ILogger<PaymentGrain> log)
    : Grain, IPaymentGrain
{
    /// <summary>Statuses move a few times at most: more says that something is wrong; the provider repeats.</summary>
    private const int MostLooks = 10;

    private long Id => this.GetPrimaryKeyLong();

    public async Task<Result<PaymentView>> Get(long? userId)
    {
        DeactivateOnIdle();
        return await ledger.FindAsync(PaymentRows.ById, Id) switch
        {
            null => NoSuchPayment(),
            var payment when payment.UserId != (userId ?? payment.UserId) =>
                Result.Refused(ErrorCodes.Forbidden, $"Payment {Id} is not yours."),
            var payment => payment.View,
        };
    }

    public async Task<Result<PaymentView>> Report(PaymentReport report)
    {
        DeactivateOnIdle();
        for (var look = 0; look < MostLooks; look++)
        {
            if (await ledger.FindAsync(PaymentRows.ById, Id) is not { } payment) return NoSuchPayment();
            if (payment.Amount != report.Amount)
            {
                metrics.AmountDiffered();
                LogAmountDiffers(Id, payment.OrderId, payment.Amount, report.Amount, report.ProviderRef);
                return Result.Refused(
                    ErrorCodes.AmountDiffers, $"Payment {Id} is of {payment.Amount}, and {report.Amount} is reported.");
            }

            // Nothing undoes a success, and a failure says nothing new of what has failed.
            var isNews = report.HasSucceeded
                ? payment.Status is PaymentStatus.Waiting or PaymentStatus.Failed
                : payment.Status == PaymentStatus.Waiting;
            if (!isNews) return payment.View;

            var now = clock.GetUtcNow();
            if (await EffectsAsync(payment, report, now) is not { } effects) continue;
            var writes = new WriteSet([PaymentRows.Report(payment, report, now), .. effects.Changes]);
            if (await ledger.CommitAsync(writes) != CommitOutcome.Applied) continue;
            metrics.Reported(report.HasSucceeded);
            if (effects.IsLate)
            {
                metrics.PaidTooLate();
                LogPaidTooLate(Id, payment.OrderId);
            }

            return payment.View with
            {
                Status = report.HasSucceeded ? PaymentStatus.Succeeded : PaymentStatus.Failed, ProviderRef = report.ProviderRef,
            };
        }

        throw new StaleActivationException($"Payment {Id} or its order is never as it was found.");
    }

    /// <summary>
    /// What comes with the payment's own change, and whether the order had closed; null when the payment is not as it was found
    /// any more.
    /// </summary>
    private async Task<(RowChange[] Changes, bool IsLate)?> EffectsAsync(
        Payment payment, PaymentReport report, DateTimeOffset now)
    {
        if (!report.HasSucceeded) return ([], false);
        var lines = await ledger.QueryAsync(OrderRows.ById, payment.OrderId);
        var order = lines[0].Order;
        switch (order.Status)
        {
            case OrderStatus.Created:
                var paid = new OrderEvent(order.Id, order.Gid, order.UserId, order.Amount);
                return
                ([
                    OrderRows.Paid(order.Id, report.PaidAt ?? now, now),
                    .. PointRows.Move(order.UserId, PointRows.For(payment.Amount), PointCauses.Payment, Id, now),
                    await ledger.OrderEventAsync(EventTypes.OrderPaid, paid, now),
                ], false);

            // Closed for good: the refund's intent is committed with the success, and due at once.
            case OrderStatus.Closed:
                return ([refunds.Late(payment, now)], true);

            // One order, one payment, and none before every branch of the order is done: so another activation has reported
            // this very success between the two looks.
            default:
                return null;
        }
    }

    private Refusal NoSuchPayment() => Result.Refused(ErrorCodes.NoSuchPayment, $"There is no payment {Id}.");

    [LoggerMessage(3101, LogLevel.Error,
        "Payment {Id} of order {OrderId} is of {Amount}, and its provider reports {Reported} (reference {Reference}); refused")]
    private partial void LogAmountDiffers(long id, long orderId, long amount, long reported, string reference);

    [LoggerMessage(3102, LogLevel.Warning, "Payment {Id} succeeds after order {OrderId} has closed: it is refunded")]
    private partial void LogPaidTooLate(long id, long orderId);
}
