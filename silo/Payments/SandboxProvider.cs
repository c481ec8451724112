using Mall.Payments;

namespace Mall.Silo.Payments;

/// <summary>
/// Plays the provider: no money moves. It keeps nothing: a payment's reference says which payment it is and proves that the mall
/// has given it out, and the page at the pay URL reads the payment's own row.
/// </summary>
internal sealed class SandboxProvider(ProviderKey key) : IPaymentProvider
{
    public string Name => "sandbox";

    public async Task<ProviderAnswer> OpenAsync(ProviderRequest payment)
    {
        var reference = SandboxReference.Of(payment.PaymentId, await key.GetAsync());
        return new ProviderAnswer(reference, $"{payment.PublicUrl}/sandbox/payments/{reference}");
    }

    public Task RefundAsync(ProviderRequest payment) => Task.CompletedTask;
}
