using System.Diagnostics.Metrics;
using Mall.Signing;

namespace Mall.Api.Payments;

/// <summary>Where both doors open payments, look at them, hear of them from providers, and refund orders.</summary>
internal sealed partial class PaymentDesk(
    IGrainFactory grains, PublicAddress address, CallbackKey key, TimeProvider clock, IMeterFactory meters,
    ILogger<PaymentDesk> log)
{
    public const int MaxProviderRef = 128;

    // Anybody can send what is badly signed; a line a minute says that it goes on.
    private static readonly TimeSpan s_betweenWarnings = TimeSpan.FromMinutes(1);
    private long _warnsFrom;

    private readonly Counter<long> _forged = meters.Create("mall").CreateCounter<long>(
        "payments.forged", "{callback}", "Callbacks that are refused because their signature is wrong or old.");

    /// <summary>See <see cref="IOrderPaymentGrain.Open"/> for the refusals.</summary>
    public Task<Result<OpenedPayment>> Open(Caller caller, CreatePaymentInput input, string? idempotencyKey, Patience patience)
    {
        var checks = new FieldChecks();
        var orderId = checks.Id("orderId", input.OrderId);
        checks.ThrowIfAny();
        var command = new OpenPayment(
            caller.UserId, address.Url, idempotencyKey.ToIdempotency(caller.UserId, $"payment {orderId}"));
        return patience.Insist(() => grains.GetGrain<IOrderPaymentGrain>(orderId).Open(command));
    }

    /// <summary>Refused with 500001, or 100004 when it is somebody else's.</summary>
    public Task<Result<PaymentView>> Get(Caller caller, long paymentId, Patience patience) =>
        patience.Insist(() => Payment(FieldChecks.RequireId(paymentId)).Get(caller.UserId));

    /// <summary>The same for the provider.</summary>
    public Task<Result<PaymentView>> Look(long paymentId, Patience patience) =>
        patience.Insist(() => Payment(paymentId).Get(userId: null));

    /// <summary>What a provider says. Nothing in it is read before its signature has been found good.</summary>
    /// <param name="body">As it was signed, byte for byte.</param>
    /// <exception cref="ProblemException">500002 for a wrong or an old signature, 100002 for a bad body.</exception>
    public async Task<Result<PaymentView>> Callback(
        ReadOnlySequence<byte> body, string? timestamp, string? signature, Patience patience)
    {
        var bytes = body.ToArray();
        await CheckSignature(bytes, timestamp, signature, patience);
        var report = Check(Body<CallbackInput>.Parse(new ReadOnlySequence<byte>(bytes), isPatch: false));
        return await Report(report, patience);
    }

    /// <exception cref="ProblemException">500002 for a wrong or an old signature.</exception>
    public async Task CheckSignature(byte[] body, string? timestamp, string? signature, Patience patience)
    {
        if (Signatures.IsGood(await key.GetAsync(patience), timestamp, signature, body, clock.GetUtcNow()))
            return;
        _forged.Add(1);
        WarnOfSignature();
        throw new ProblemException(Problem.Of(
            ErrorCodes.BadSignature,
            $"{Signatures.SignatureHeader} is not the signature of {Signatures.TimestampHeader} and body, or is too old."));
    }

    /// <summary>What a provider says whose signature was found good; see <see cref="IPaymentGrain.Report"/>.</summary>
    public Task<Result<PaymentView>> Report(PaymentReport report, Patience patience) =>
        patience.Insist(() => Payment(report.PaymentId).Report(report));

    /// <summary>See <see cref="IRefundSagaGrain.Refund"/> for the refusals.</summary>
    public Task<Result<OrderView>> Refund(Caller caller, long orderId, string? idempotencyKey, Patience patience)
    {
        var command = new RefundOrder(
            caller.UserId, idempotencyKey.ToIdempotency(caller.UserId, $"refund {FieldChecks.RequireId(orderId)}"));
        var saga = grains.GetGrain<IRefundSagaGrain>(Refunds.GidOf(orderId));
        return patience.Insist(() => saga.Refund(orderId, command));
    }

    private void WarnOfSignature()
    {
        var (now, from) = (clock.GetUtcNow(), Volatile.Read(ref _warnsFrom));
        if (now.Ticks >= from
            && Interlocked.CompareExchange(ref _warnsFrom, (now + s_betweenWarnings).Ticks, from) == from) LogBadSignature();
    }

    private IPaymentGrain Payment(long paymentId) => grains.GetGrain<IPaymentGrain>(paymentId);

    private static PaymentReport Check(CallbackInput input)
    {
        var checks = new FieldChecks();
        var id = checks.Id("paymentId", input.PaymentId);
        var amount = checks.Number("amount", input.Amount, 0, ExactNumbers.Max);
        if (input.Result is not ("succeeded" or "failed"))
            checks.Fail("result", input.Result is null ? "is missing" : "must be succeeded or failed");
        var reference = checks.Text("providerRef", input.ProviderRef, 1, MaxProviderRef);
        DateTimeOffset? paidAt = null;
        if (input.PaidAt is { } text)
        {
            if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
                && text.Contains('T', StringComparison.Ordinal) && time > DateTimeOffset.UnixEpoch)
                paidAt = time;
            else
                checks.Fail("paidAt", "must be a time such as 2026-01-31T12:00:00Z");
        }

        checks.ThrowIfAny();
        return new PaymentReport(id, amount, input.Result == "succeeded", reference, paidAt);
    }

    [LoggerMessage(5301, LogLevel.Warning, "Payment callbacks with a wrong or old signature are refused")]
    private partial void LogBadSignature();
}
