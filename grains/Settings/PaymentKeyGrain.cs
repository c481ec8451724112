namespace Mall.Settings;

/// <summary>Unlike the tokens' key this one is shown to others: its text, as it stands in the table, is the key.</summary>
public sealed class PaymentKeyGrain(GrainLedger ledger) : Grain, IPaymentKeyGrain
{
    private string? _key;

    public async Task<string> Get() => _key ??= await ledger.FindOrMakeKeyAsync("payment-key");
}
