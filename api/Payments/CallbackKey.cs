namespace Mall.Api.Payments;

/// <summary>
/// The key that providers sign with: the configured one, or the mall's own from the database, fetched when the first callback
/// needs it and kept.
/// </summary>
internal sealed class CallbackKey(ApiOptions options, IGrainFactory grains)
{
    private string? _key = options.PaymentKey;

    public async ValueTask<string> GetAsync(Patience patience) =>
        _key ??= await patience.Insist(() => grains.GetGrain<IPaymentKeyGrain>(0).Get());
}
