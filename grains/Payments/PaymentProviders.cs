namespace Mall.Payments;

/// <summary>Who takes customers' money. What it does it does outside of the mall, so each call may be repeated.</summary>
public interface IPaymentProvider
{
    /// <summary>As it stands in <c>payments.provider</c>.</summary>
    string Name { get; }

    /// <summary>Tells it of a payment. Idempotent by the payment's id.</summary>
    /// <exception cref="TimeoutException">Whether it knows of the payment is unknown: the call is to be repeated.</exception>
    Task<ProviderAnswer> OpenAsync(ProviderRequest payment);

    /// <summary>Has it give the money back. Idempotent by the payment's id: it gives it once.</summary>
    /// <exception cref="TimeoutException">Whether it does so is unknown: the call is to be repeated.</exception>
    Task RefundAsync(ProviderRequest payment);
}

/// <param name="PublicUrl">See <see cref="OpenPayment"/>.</param>
public sealed record ProviderRequest(long PaymentId, long OrderId, long Amount, string PublicUrl)
{
    /// <summary>Where the provider says what has become of the payment.</summary>
    public string CallbackUrl => $"{PublicUrl}/v1/payments/callback";
}

/// <param name="ProviderRef">What it calls the payment.</param>
/// <param name="PayUrl">Where the customer pays.</param>
public sealed record ProviderAnswer(string ProviderRef, string PayUrl);

/// <summary>The providers of this silo.</summary>
public sealed class PaymentProviders(IEnumerable<IPaymentProvider> providers)
{
    private readonly IPaymentProvider[] _providers = [.. providers];

    public static Refusal None { get; } =
        Result.Refused(ErrorCodes.NoPaymentProvider, "There is nobody here to take payments at present.");

    /// <summary>Whom new payments go to; null for nobody.</summary>
    public IPaymentProvider? Current => _providers.FirstOrDefault();

    /// <summary>Whom an earlier payment went to; null when it is not configured any more.</summary>
    public IPaymentProvider? Find(string name) => Array.Find(_providers, provider => provider.Name == name);
}
