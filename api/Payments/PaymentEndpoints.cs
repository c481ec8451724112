using Mall.Signing;
using Microsoft.AspNetCore.Mvc;

namespace Mall.Api.Payments;

/// <summary>REST: payments.</summary>
internal static class PaymentEndpoints
{
    public static void MapPayments(this IEndpointRouteBuilder routes)
    {
        var payments = routes.MapGroup("/v1/payments").WithTags("Payments");
        payments.MapPost("/callback", Callback).Refuses(
            ErrorCodes.NoSuchPayment, ErrorCodes.BadSignature, ErrorCodes.AmountDiffers);

        var users = payments.MapGroup("").RequireAuthorization(Policies.User);
        users.MapPost("", Create).Refuses(
            ErrorCodes.Forbidden, ErrorCodes.NoSuchOrder, ErrorCodes.OrderStatusForbids, ErrorCodes.NoPaymentProvider,
            ErrorCodes.KeyReused);
        users.MapGet("/{id}", Get).Refuses(ErrorCodes.Forbidden, ErrorCodes.NoSuchPayment);

        routes.MapGroup("/v1/orders").WithTags("Orders").RequireAuthorization(Policies.User)
            .MapPost("/{id}/refund", Refund).Refuses(
                ErrorCodes.Forbidden, ErrorCodes.NoSuchOrder, ErrorCodes.OrderStatusForbids, ErrorCodes.NoPaymentProvider,
                ErrorCodes.KeyReused);
    }

    /// <summary>Pay an order</summary>
    /// <remarks>
    /// One payment an order: again it gives the same one, and one that has failed is waiting again. The customer pays at payUrl;
    /// what has become of it shows here and in the order.
    /// </remarks>
    /// <param name="body" example='{"orderId": 1}'>What to pay.</param>
    /// <response code="200">The payment that there was.</response>
    /// <response code="201">A new payment, waiting.</response>
    internal static async Task<Opened> Create(
        Caller caller, [IdempotencyKey] string? key, Body<CreatePaymentInput> body, PaymentDesk desk, Patience patience)
    {
        var opened = await desk.Open(caller, body.Value, key, patience);
        var payment = opened.As(o => PaymentAnswer.Of(o.Payment));
        return opened.Value is { IsNew: true }
            ? new Created<PaymentAnswer>(payment, made => $"/v1/payments/{made.Id}")
            : new Ok<PaymentAnswer>(payment);
    }

    /// <summary>Look at a payment</summary>
    /// <remarks>For its user only.</remarks>
    /// <param name="id">The payment.</param>
    /// <response code="200">The payment.</response>
    internal static async Task<Ok<PaymentAnswer>> Get(Caller caller, long id, PaymentDesk desk, Patience patience) =>
        (await desk.Get(caller, id, patience)).As(PaymentAnswer.Of);

    /// <summary>Say what has become of a payment</summary>
    /// <remarks>
    /// For the payment provider. X-Signature is sha256= and the HMAC-SHA256, in hexadecimal digits, of X-Timestamp, a dot and the
    /// body as it is sent, under the payment key; X-Timestamp is in Unix seconds and at most five minutes off. A repeat is
    /// answered as the first time. A success is final, a failure may be followed by a success.
    /// </remarks>
    /// <param name="body"
    /// example='{"paymentId":1,"amount":1250,"result":"succeeded","providerRef":"r1","paidAt":"2026-01-31T12:00:00Z"}'>
    /// What is so.</param>
    /// <param name="timestamp">When it was signed, in Unix seconds.</param>
    /// <param name="signature">Of timestamp and body.</param>
    /// <response code="200">The payment after it.</response>
    internal static async Task<Ok<PaymentAnswer>> Callback(
        RawBody<CallbackInput> body, [FromHeader(Name = Signatures.TimestampHeader)] string? timestamp,
        [FromHeader(Name = Signatures.SignatureHeader)] string? signature, PaymentDesk desk, Patience patience) =>
        (await desk.Callback(body.Bytes, timestamp, signature, patience)).As(PaymentAnswer.Of);

    /// <summary>Refund an order</summary>
    /// <remarks>
    /// For its user, when it is paid. The answer comes when the money is on its way back, the stock has returned and the points
    /// are taken back. Of an order that is refunded already it gives that.
    /// </remarks>
    /// <param name="id">The order.</param>
    /// <response code="200">The order, refunded.</response>
    internal static async Task<Ok<OrderAnswer>> Refund(
        Caller caller, long id, [IdempotencyKey] string? key, PaymentDesk desk, Patience patience) =>
        (await desk.Refund(caller, id, key, patience)).As(OrderAnswer.Of);
}
