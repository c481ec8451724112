using System.Collections.Concurrent;
using System.Security.Claims;

namespace Mall.Api.Auth;

/// <summary>
/// Tokens that have been found good, until they end: a client sends the same one for hours, and to check a signature and read the
/// claims costs as much as a tenth of an order.
/// </summary>
internal sealed class KnownTokens(TimeProvider clock)
{
    private const int Most = 20_000; // some 20 MB; whoever is forgotten is checked again

    private readonly ConcurrentDictionary<string, Known> _known = [];

    public bool TryGet(string token, out ClaimsPrincipal principal, out Caller caller)
    {
        (principal, caller) = (default!, default!);
        if (!_known.TryGetValue(token, out var known)) return false;
        if (clock.GetUtcNow() >= known.Until)
        {
            _known.TryRemove(token, out _);
            return false;
        }

        (principal, caller) = (known.Principal, known.Caller);
        return true;
    }

    /// <param name="until">Its end; from then on it is checked, and refused, like any other.</param>
    public void Add(string token, ClaimsPrincipal principal, Caller caller, DateTimeOffset until)
    {
        if (_known.Count >= Most) _known.Clear();
        _known[token] = new Known(principal, caller, until);
    }

    private sealed record Known(ClaimsPrincipal Principal, Caller Caller, DateTimeOffset Until);
}
