using System.Text;
using Mall.Settings;

namespace Mall.Api.Auth;

/// <summary>
/// Where the signing key comes from: the configuration, or the mall's own from the database, fetched when the first token needs
/// it and kept. A fetch that failed is tried again by the next request, so the front door may start before the database.
/// </summary>
internal sealed class TokenKeySource(ApiOptions options, IGrainFactory grains, TimeProvider clock)
{
    private AccessTokens? tokens = options.TokenKey is { } configured ? Make(Encoding.UTF8.GetBytes(configured), options, clock) : null;

    /// <summary>
    /// The tokens under the key. Requests that come before the key is there may fetch it several times over: they all get the
    /// same key, so whose fetch wins does not matter.
    /// </summary>
    public ValueTask<AccessTokens> Get(Patience patience) => tokens is { } ready ? new(ready) : Fetch(patience);

    private async ValueTask<AccessTokens> Fetch(Patience patience)
    {
        var key = await patience.Wait(grains.GetGrain<ITokenKeyGrain>(0).Get());
        return tokens = Make(key.AsSpan(), options, clock);
    }

    private static AccessTokens Make(ReadOnlySpan<byte> key, ApiOptions options, TimeProvider clock) => new(key, clock, options.AccessLifetime);
}
