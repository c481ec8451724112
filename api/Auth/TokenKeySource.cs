using System.Text;
using Mall.Settings;

namespace Mall.Api.Auth;

/// <summary>
/// Where the signing key comes from: the configuration, or the mall's own from the database, fetched when the first token needs
/// it and kept. A fetch that failed is tried again by the next request, so the front door may start before the database.
/// </summary>
internal sealed class TokenKeySource(ApiOptions options, IGrainFactory grains, TimeProvider clock)
{
    private AccessTokens? _tokens =
        options.TokenKey is { } configured ? new(Encoding.UTF8.GetBytes(configured), clock, options) : null;

    /// <summary>
    /// The tokens under the key. Requests that come before the key is there may fetch it several times over: they all get the
    /// same key, so whose fetch wins does not matter.
    /// </summary>
    public ValueTask<AccessTokens> Get(Patience patience) => _tokens is { } ready ? new(ready) : Fetch(patience);

    private async ValueTask<AccessTokens> Fetch(Patience patience)
    {
        var key = await patience.Wait(grains.GetGrain<ITokenKeyGrain>(0).Get());
        return _tokens = new AccessTokens(key.AsSpan(), clock, options);
    }
}
