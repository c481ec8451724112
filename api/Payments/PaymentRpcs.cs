namespace Mall.Api.Payments;

/// <summary>gRPC: payments.</summary>
[Authorize(Policies.User)]
internal sealed class PaymentRpcs(PaymentDesk desk) : V1.Payments.PaymentsBase
{
    public override async Task<V1.Payment> Create(V1.CreatePaymentRequest request, ServerCallContext context)
    {
        var input = new CreatePaymentInput(request.OrderId);
        var opened = await desk.Open(context.Caller(), input, context.IdempotencyKey(), context.Patience());
        return Shape(opened.OrRefuse(context).Payment);
    }

    public override async Task<V1.Payment> Get(V1.GetPaymentRequest request, ServerCallContext context) =>
        Shape((await desk.Get(context.Caller(), request.Id, context.Patience())).OrRefuse(context));

    [AllowAnonymous]
    public override async Task<V1.Payment> Callback(V1.PaymentCallbackRequest request, ServerCallContext context)
    {
        var body = new ReadOnlySequence<byte>(request.Body.Memory);
        var payment = await desk.Callback(
            body, request.Timestamp.OrAbsent(), request.Signature.OrAbsent(), context.Patience());
        return Shape(payment.OrRefuse(context));
    }

    private static V1.Payment Shape(PaymentView payment) => new()
    {
        Id = payment.Id, OrderId = payment.OrderId, Amount = payment.Amount, Status = (V1.PaymentStatus)payment.Status,
        PayUrl = payment.PayUrl ?? "", ProviderRef = payment.ProviderRef ?? "",
    };
}
