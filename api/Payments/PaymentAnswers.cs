namespace Mall.Api.Payments;

/// <summary>A payment, as REST shows it.</summary>
/// <param name="Id">Positive.</param>
/// <param name="OrderId">What is paid; an order has one payment.</param>
/// <param name="Amount">The order's, in minor units (cents).</param>
/// <param name="Status">0 waiting, 1 succeeded, 2 failed, 3 refunded.</param>
/// <param name="PayUrl">Where the customer pays.</param>
/// <param name="ProviderRef">What the provider calls it.</param>
internal sealed record PaymentAnswer(long Id, long OrderId, long Amount, int Status, string PayUrl, string ProviderRef)
{
    public static PaymentAnswer Of(PaymentView payment) => new(
        payment.Id, payment.OrderId, payment.Amount, payment.Status, payment.PayUrl ?? "", payment.ProviderRef ?? "");
}

/// <summary>Which order is to be paid; user and amount are the order's.</summary>
/// <param name="OrderId">The order.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record CreatePaymentInput([property: Range(1, ExactNumbers.Max)] long? OrderId);

/// <summary>What a provider says has become of a payment.</summary>
/// <param name="PaymentId">The mall's id of it.</param>
/// <param name="Amount">In minor units (cents); another than the payment's is refused.</param>
/// <param name="Result">succeeded or failed.</param>
/// <param name="ProviderRef">What the provider calls it.</param>
/// <param name="PaidAt">RFC 3339; absent for a failure.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record CallbackInput(
    [property: Range(1, ExactNumbers.Max)] long? PaymentId,
    [property: Range(0, ExactNumbers.Max)] long? Amount,
    [property: AllowedValues("succeeded", "failed")] string? Result,
    [property: Length(1, PaymentDesk.MaxProviderRef)] string? ProviderRef,
    string? PaidAt);
