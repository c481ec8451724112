using Mall.Orders;

namespace Mall.Payments;

/// <summary>A payment. The key is its id.</summary>
[Alias("mall.IPaymentGrain")]
public interface IPaymentGrain : IGrainWithIntegerKey
{
    /// <summary>Refused with 500001 when there is none, 100004 when it is another user's.</summary>
    /// <param name="userId">Who asks; null for the provider.</param>
    [Alias("Get"), ReadOnly]
    Task<Result<PaymentView>> Get(long? userId);

    /// <summary>
    /// What the provider says. A success is final: it pays the order, and gives the points, in one commit; when the order has
    /// closed by then, it is refunded. A failure may still be followed by a success. Idempotent. Refused with 500001, or 500003
    /// when the amount is another.
    /// </summary>
    [Alias("Report")]
    Task<Result<PaymentView>> Report(PaymentReport report);
}

/// <summary>The payment of an order. The key is the order's id.</summary>
[Alias("mall.IOrderPaymentGrain")]
public interface IOrderPaymentGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Gives the order's payment, and makes it when there is none; one that has failed is waiting again. Refused with 400001,
    /// 100004, 400002 for an order that is not to be paid, 500004 without a provider, 100007 for a key that was used for
    /// something else.
    /// </summary>
    /// <exception cref="TimeoutException">The provider does not answer. The same call goes on where this one stopped.</exception>
    [Alias("Open")]
    Task<Result<OpenedPayment>> Open(OpenPayment command);
}

/// <summary>
/// Refunds one order. Once begun it is carried through, however long the provider takes: nobody can abort it. The key is the gid,
/// see <see cref="Refunds.GidOf"/>.
/// </summary>
[Alias("mall.IRefundSagaGrain")]
public interface IRefundSagaGrain : ISagaGrain
{
    /// <summary>
    /// Completes when the money is on its way back, the stock returned and the points taken back. Idempotent. Refused with
    /// 400001, 100004, 400002 unless the order is paid, 500004 without a provider, 100007.
    /// </summary>
    /// <returns>The order, refunded.</returns>
    [Alias("Refund"), AlwaysInterleave]
    Task<Result<OrderView>> Refund(long orderId, RefundOrder command);
}

public static class Refunds
{
    /// <summary>An order is refunded once, so its refund has one gid.</summary>
    public static string GidOf(long orderId) => $"refund-{orderId}";
}

/// <summary>The key that callbacks are signed with, made on first use and kept in the database. Key 0.</summary>
[Alias("mall.IPaymentKeyGrain")]
public interface IPaymentKeyGrain : IGrainWithIntegerKey
{
    /// <returns>Text, as an operator would give it in the settings.</returns>
    [Alias("Get"), ReadOnly]
    Task<string> Get();
}
