namespace Mall.Settings;

public sealed class TokenKeyGrain(GrainLedger ledger) : Grain, ITokenKeyGrain
{
    private ImmutableArray<byte>? _key;

    public async Task<ImmutableArray<byte>> Get() =>
        _key ??= [.. Convert.FromBase64String(await ledger.FindOrMakeKeyAsync("token-key"))];
}
