using System.Security.Claims;
using Mall.Settings;
using Microsoft.Extensions.Caching.Memory;

namespace Mall.Api.Auth;

/// <summary>A signed token and its times.</summary>
internal sealed record AccessToken(string Text, DateTimeOffset ExpiresAt, DateTimeOffset RefreshAfter);

/// <summary>A token that was found good, and when that ends.</summary>
internal sealed record GoodToken(Caller Caller, ClaimsPrincipal Principal, DateTime End);

/// <summary>
/// Access tokens: JSON Web Tokens under HMAC-SHA256, of one issuer. The key comes from the configuration, or is the mall's own
/// from the database, fetched when the first token needs it and kept. A fetch that failed is tried again by the next request, so
/// the front door may start before the database.
/// </summary>
internal sealed class AccessTokens(ApiOptions options, IGrainFactory grains, TimeProvider clock) : IDisposable
{
    public const int MinKeyLength = 32;
    public const string UserClaim = "sub";
    public const string RoleClaim = "role";
    public const string SessionClaim = "sid";

    private const string Issuer = "mall";
    private const int MaxLength = 512;

    /// <summary>What every token of ours begins with: <c>{"alg":"HS256","typ":"JWT"}</c> and the dot.</summary>
    private const string Header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.";

    /// <summary>How far the clocks of two front doors may differ; for a token's beginning only, its end is exact.</summary>
    private static readonly TimeSpan s_clockSkew = TimeSpan.FromSeconds(60);

    private static readonly JsonWebTokenHandler s_handler = new() { SetDefaultTimesOnTokenCreation = false };

    /// <summary>
    /// Tokens that were found good. To judge one costs a fifth of an order, to find it again next to nothing; only its end is
    /// looked at each time.
    /// </summary>
    private readonly MemoryCache _good = new(new MemoryCacheOptions { SizeLimit = 20_000 });

    private SymmetricSecurityKey? _key = options.TokenKey is { } configured ? new(Encoding.UTF8.GetBytes(configured)) : null;

    /// <summary>How the bearer scheme judges a token, once <see cref="Key"/> has been there.</summary>
    public TokenValidationParameters Validation => new()
    {
        ValidAlgorithms = [SecurityAlgorithms.HmacSha256],
        IssuerSigningKeyResolver = (_, _, _, _) => [_key!],
        ValidIssuer = Issuer,
        ValidateAudience = false,
        LifetimeValidator = JudgeTimes,
        NameClaimType = UserClaim,
        RoleClaimType = RoleClaim,
    };

    /// <summary>
    /// Fetches the key when it is not there. Requests that come before it may fetch it several times over: they all get the same
    /// key, so whose fetch wins does not matter.
    /// </summary>
    public ValueTask<SymmetricSecurityKey> Key(Patience patience) => _key is { } ready ? new(ready) : Fetch(patience);

    /// <summary>Of a token that is signed now.</summary>
    /// <param name="lifetime">How long it is good; null: as long as is configured.</param>
    public AccessTimes TimesNow(TimeSpan? lifetime = null)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(clock.GetUtcNow().ToUnixTimeSeconds());
        return new AccessTimes(now, now + (lifetime ?? options.AccessLifetime));
    }

    /// <summary>
    /// The token of this caller and these times, always the same one; half of its life has passed at its refresh time.
    /// </summary>
    public async ValueTask<AccessToken> Sign(Caller caller, AccessTimes times, Patience patience)
    {
        var key = await Key(patience);
        var (now, end) = times;
        var token = s_handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            IssuedAt = now.UtcDateTime,
            NotBefore = now.UtcDateTime,
            Expires = end.UtcDateTime,
            Claims = new Dictionary<string, object>
            {
                [UserClaim] = caller.UserId.ToString(CultureInfo.InvariantCulture),
                [RoleClaim] = caller.Role,
                [SessionClaim] = caller.SessionId.ToString(CultureInfo.InvariantCulture),
            },
            SigningCredentials = new SigningCredentials(key, SecurityAlgorithms.HmacSha256),
        });
        return new AccessToken(token, end, now + ((end - now) / 2));
    }

    /// <summary>
    /// Whether a text may be a token of ours at all. Nothing in a token is asked how it wants to be verified: its header is ours,
    /// character by character. And there is one spelling of a signature, while decoders read several: the last of its characters
    /// carries four bits.
    /// </summary>
    public static bool LooksLikeOurs(string token) =>
        token.Length <= MaxLength && token.StartsWith(Header, StringComparison.Ordinal)
        && "AEIMQUYcgkosw048".Contains(token[^1]);

    /// <summary>Whose this token is, whose signature and times are good; null when its claims are not as we write them.</summary>
    public static Caller? CallerOf(JsonWebToken token)
    {
        // The library reads an id that is a number as if it were a text.
        var isText = Base64UrlEncoder.Decode(token.EncodedPayload).Contains("\"sub\":\"", StringComparison.Ordinal);
        return isText && IsNumber(token.Subject, out var id) && id > 0
            && token.TryGetPayloadValue<string>(RoleClaim, out var role) && Roles.Contains(role)
            && IsNumber(token.TryGetPayloadValue<string>(SessionClaim, out var sid) ? sid : "0", out var session)
            ? new Caller(id, role, session)
            : null;
    }

    public void Remember(JsonWebToken token, Caller caller, ClaimsPrincipal principal) => _good.Set(
        token.EncodedToken, new GoodToken(caller, principal, token.ValidTo),
        new MemoryCacheEntryOptions { Size = 1, SlidingExpiration = TimeSpan.FromMinutes(10) });

    /// <summary>What is known of a token that was found good before and has not ended since; else null.</summary>
    public GoodToken? Recall(ReadOnlySpan<char> token) =>
        _good.TryGetValue(token, out GoodToken? good) && clock.GetUtcNow().UtcDateTime < good!.End ? good : null;

    public void Dispose() => _good.Dispose();

    private static bool IsNumber(string text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private async ValueTask<SymmetricSecurityKey> Fetch(Patience patience)
    {
        var key = await patience.Insist(() => grains.GetGrain<ITokenKeyGrain>(0).Get());
        return _key = new SymmetricSecurityKey([.. key]);
    }

    private bool JudgeTimes(DateTime? from, DateTime? end, SecurityToken token, TokenValidationParameters rules)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        if (end is null || now >= end)
            throw new SecurityTokenExpiredException();
        var soon = now + s_clockSkew;
        if (from > soon || ((JsonWebToken)token).IssuedAt > soon)
            throw new SecurityTokenNotYetValidException();
        return true;
    }
}
