namespace Mall.Payments;

/// <summary>Waiting and failed may follow each other; from succeeded a payment goes to refunded and nowhere else.</summary>
public static class PaymentStatus
{
    public const int Waiting = 0;
    public const int Succeeded = 1;
    public const int Failed = 2;
    public const int Refunded = 3;
}

/// <param name="Amount">Minor units: the order's.</param>
/// <param name="Status">One of <see cref="PaymentStatus"/>.</param>
/// <param name="PayUrl">Where the customer pays; null until its provider knows of it.</param>
/// <param name="ProviderRef">What the provider calls it; null likewise.</param>
[GenerateSerializer, Immutable, Alias("mall.PaymentView")]
public sealed record PaymentView(
    long Id, long OrderId, long UserId, long Amount, int Status, string? PayUrl, string? ProviderRef);

/// <param name="PublicUrl">Where the world reaches the mall, without a slash at its end: the provider calls back there.</param>
[GenerateSerializer, Immutable, Alias("mall.OpenPayment")]
public sealed record OpenPayment(long UserId, string PublicUrl, Idempotency? Idempotency);

/// <param name="IsNew">Whether there was none before.</param>
[GenerateSerializer, Immutable, Alias("mall.OpenedPayment")]
public sealed record OpenedPayment(PaymentView Payment, bool IsNew);

/// <summary>What a provider says has become of a payment. Whoever sends it has seen a good signature.</summary>
/// <param name="HasSucceeded">False: it has failed, for now.</param>
/// <param name="ProviderRef">What the provider calls it.</param>
/// <param name="PaidAt">By the provider's clock; null when it does not say.</param>
[GenerateSerializer, Immutable, Alias("mall.PaymentReport")]
public sealed record PaymentReport(
    long PaymentId, long Amount, bool HasSucceeded, string ProviderRef, DateTimeOffset? PaidAt);

/// <param name="Idempotency">Null without a key.</param>
[GenerateSerializer, Immutable, Alias("mall.RefundOrder")]
public sealed record RefundOrder(long UserId, Idempotency? Idempotency);
