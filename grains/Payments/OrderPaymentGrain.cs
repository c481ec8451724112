using System.Text.Json;

namespace Mall.Payments;

/// <summary>
/// Opens the payment of an order. It remembers nothing: each call reads where the last one has stopped. The payment's row is
/// there before its provider is told, so that a provider who answers nobody, or calls back before it answers, does no harm.
/// </summary>
public sealed class OrderPaymentGrain(
    GrainLedger ledger, LedgerClock clock, PaymentProviders providers, PaymentOptions options, PaymentMetrics metrics)
    : Grain, IOrderPaymentGrain
{
    private long OrderId => this.GetPrimaryKeyLong();

    public async Task<Result<OpenedPayment>> Open(OpenPayment command)
    {
        DeactivateOnIdle();
        while (true)
        {
            if (await ledger.AnswerUnderAsync(command.Idempotency, Read) is { } before) return before;
            var order = await PlacedOrder.FindAsync(ledger, OrderId);
            if (WhyNot(order, command.UserId) is { } refusal) return refusal;
            if (await FindOrInsertAsync(order!.Order, command.PublicUrl) is not { } payment) return PaymentProviders.None;

            var opened = new OpenedPayment(payment.View, IsNew: false);
            var changes = Array.Empty<RowChange>();
            if (payment is { PayUrl: null } or { Status: PaymentStatus.Failed })
            {
                if (providers.Find(payment.Provider) is not { } provider) return PaymentProviders.None;
                var answer = await InsistAsync(() => provider.OpenAsync(payment.ToProvider));
                var status = payment.Status == PaymentStatus.Failed ? PaymentStatus.Waiting : payment.Status;
                changes = [PaymentRows.Open(payment, answer, status, clock.GetUtcNow())];
                opened = new OpenedPayment(
                    payment.View with { Status = status, ProviderRef = answer.ProviderRef, PayUrl = answer.PayUrl },
                    IsNew: payment.PayUrl is null);
            }

            if (changes.Length == 0 && command.Idempotency is null) return opened;
            var writes = IdempotencyRows.Under(
                command.Idempotency, "payment", payment.Id, clock.GetUtcNow(), Write(opened), changes);
            if (await ledger.CommitAsync(writes) == CommitOutcome.Applied)
            {
                if (changes.Length > 0) metrics.Opened();
                return opened;
            }

            // A callback has moved the payment, or the key has been used: what there is now says.
        }
    }

    /// <summary>Null when it may be paid, or has been: then its payment is there.</summary>
    private Refusal? WhyNot(PlacedOrder? order, long userId) =>
        OrderRows.WhyNotOf(userId, OrderId, order?.Order) ?? order!.Order.Status switch
        {
            OrderStatus.Closed or OrderStatus.Void => OrderRows.NotFrom(OrderId, order.Order.Status),
            _ => order.WhyNotYet(),
        };

    /// <summary>Null when there is no payment and nobody to take one.</summary>
    private async Task<Payment?> FindOrInsertAsync(OrderRow order, string publicUrl)
    {
        if (await ledger.FindAsync(PaymentRows.OfOrder, OrderId) is { } found) return found;
        if (providers.Current is not { } provider) return null;
        var payment = new Payment(
            await ledger.NextIdAsync("payments"), OrderId, order.UserId, order.Amount, PaymentStatus.Waiting, provider.Name,
            ProviderRef: null, PayUrl: null, publicUrl);
        return await ledger.CommitAsync(new WriteSet(PaymentRows.Insert(payment, clock.GetUtcNow()))) == CommitOutcome.Applied
            ? payment
            : await ledger.FindAsync(PaymentRows.OfOrder, OrderId) ?? throw new UnreachableException();
    }

    /// <summary>Asks a provider again that does not answer, as long as the client may be waiting.</summary>
    private async Task<T> InsistAsync<T>(Func<Task<T>> call)
    {
        var (begun, pause) = (clock.GetTimestamp(), options.FirstBackoff);
        while (true)
        {
            try
            {
                return await call();
            }
            catch (TimeoutException) when (clock.GetElapsedTime(begun) + pause < options.Patience)
            {
                await Task.Delay(pause, clock);
                pause *= 2;
            }
        }
    }

    private static string Write(OpenedPayment opened) =>
        JsonSerializer.Serialize(opened, PaymentJson.Default.OpenedPayment);

    private static OpenedPayment Read(IdempotencyRecord used) =>
        JsonSerializer.Deserialize(used.Answer, PaymentJson.Default.OpenedPayment)!;
}

/// <summary>What is configurable about payments.</summary>
public sealed record PaymentOptions
{
    /// <summary>How long a provider is asked for a new payment before the client is told to come again. Default 12 s.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(12);

    /// <summary>The wait before it is asked a second time; it doubles. Default 200 ms.</summary>
    public TimeSpan FirstBackoff { get; init; } = TimeSpan.FromMilliseconds(200);
}

/// <summary>How what was answered under a key, and a refund's intent, are written down.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(OpenedPayment))]
[JsonSerializable(typeof(RefundIntent))]
internal sealed partial class PaymentJson : JsonSerializerContext;
