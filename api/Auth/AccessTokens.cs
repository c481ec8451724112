using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Mall.Api.Auth;

/// <summary>How a token was judged.</summary>
internal enum TokenVerdict
{
    Good,
    Forged,
    Expired,
    NotYetValid,
}

/// <summary>A signed token and its times.</summary>
internal sealed record AccessToken(string Text, DateTimeOffset ExpiresAt, DateTimeOffset RefreshAfter);

/// <summary>
/// Signs and verifies access tokens: JSON Web Tokens (RFC 7519) under HMAC-SHA256. There is one algorithm, one header and one
/// issuer, so nothing in a token is ever asked how it wants to be verified: the header must be ours, character by character
/// (which refuses <c>alg=none</c> and all its relatives), then the signature must match, and only then is the payload read.
/// </summary>
/// <remarks>
/// A verification costs about 2 µs of CPU and 32 bytes, more than half of it the HMAC: too little to keep a cache of verified
/// tokens for, which would have to be bounded and to forget what expires.
/// </remarks>
internal sealed class AccessTokens
{
    public const int MinKeyLength = 32;

    private const int MaxTokenLength = 512;
    private const int MaxPayloadBytes = 256;
    private const int SignatureChars = 43;
    private const string Issuer = "mall";

    /// <summary>How far the clocks of two front doors may differ; for a token's beginning only, its end is exact.</summary>
    private static readonly TimeSpan s_clockSkew = TimeSpan.FromSeconds(60);

    private static readonly string s_header = Base64Url.EncodeToString("""{"alg":"HS256","typ":"JWT"}"""u8);

    private readonly byte[] _key;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _lifetime;

    /// <param name="key">At least 32 bytes.</param>
    /// <param name="clock">Tells what has expired.</param>
    /// <param name="options">Say how long the tokens live that are signed here.</param>
    public AccessTokens(ReadOnlySpan<byte> key, TimeProvider clock, ApiOptions options)
    {
        if (key.Length < MinKeyLength)
            throw new ArgumentException($"A key of {key.Length} bytes signs nothing: {MinKeyLength} are needed.", nameof(key));
        _key = key.ToArray();
        _clock = clock;
        _lifetime = options.AccessLifetime;
    }

    /// <summary>A fresh token for this caller; half of its life has passed at its refresh time.</summary>
    public AccessToken Sign(Caller caller)
    {
        var now = DateTimeOffset.FromUnixTimeSeconds(_clock.GetUtcNow().ToUnixTimeSeconds());
        var payload = Payload(caller, now, now + _lifetime);
        var token = new StringBuilder(s_header).Append('.').Append(Base64Url.EncodeToString(payload));
        Span<char> signature = stackalloc char[SignatureChars];
        ComputeSignature(token.ToString(), signature);
        return new AccessToken(token.Append('.').Append(signature).ToString(), now + _lifetime, now + (_lifetime / 2));
    }

    /// <summary>
    /// Judges a token. <paramref name="caller"/> is to be used only when the verdict is <see cref="TokenVerdict.Good"/>.
    /// </summary>
    public TokenVerdict Verify(ReadOnlySpan<char> token, out Caller caller)
    {
        caller = default;
        if (token.Length > MaxTokenLength || token.Length <= s_header.Length + 1 + SignatureChars + 1)
            return TokenVerdict.Forged;
        if (!token.StartsWith(s_header, StringComparison.Ordinal) || token[s_header.Length] != '.')
            return TokenVerdict.Forged;
        if (token[^(SignatureChars + 1)] != '.')
            return TokenVerdict.Forged;

        // The expected signature is compared in its written form, so a second spelling of the same bytes is no signature.
        Span<char> expected = stackalloc char[SignatureChars];
        var signed = token[..^(SignatureChars + 1)];
        if (!ComputeSignature(signed, expected) || !FixedTimeEquals(expected, token[^SignatureChars..]))
            return TokenVerdict.Forged;

        Span<byte> payload = stackalloc byte[MaxPayloadBytes];
        var encoded = signed[(s_header.Length + 1)..];
        var decoded = Base64Url.DecodeFromChars(encoded, payload, out _, out var written);
        return decoded == OperationStatus.Done ? JudgePayload(payload[..written], out caller) : TokenVerdict.Forged;
    }

    private TokenVerdict JudgePayload(ReadOnlySpan<byte> payload, out Caller caller)
    {
        caller = default;
        if (!TryReadClaims(payload, out var claims) || claims.Issuer != Issuer || claims.UserId <= 0 || claims.Role is null)
            return TokenVerdict.Forged;
        var now = _clock.GetUtcNow();
        if (now.ToUnixTimeSeconds() >= claims.ExpiresAt)
            return TokenVerdict.Expired;
        var soon = (now + s_clockSkew).ToUnixTimeSeconds();
        if (claims.NotBefore > soon || claims.IssuedAt > soon)
            return TokenVerdict.NotYetValid;
        caller = new Caller(claims.UserId, claims.Role);
        return TokenVerdict.Good;
    }

    private static byte[] Payload(Caller caller, DateTimeOffset from, DateTimeOffset to)
    {
        var buffer = new ArrayBufferWriter<byte>(MaxPayloadBytes);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("iss"u8, Issuer);
        json.WriteString("sub"u8, caller.UserId.ToString(CultureInfo.InvariantCulture));
        json.WriteString("role"u8, caller.Role);
        json.WriteNumber("iat"u8, from.ToUnixTimeSeconds());
        json.WriteNumber("nbf"u8, from.ToUnixTimeSeconds());
        json.WriteNumber("exp"u8, to.ToUnixTimeSeconds());
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private record struct Claims(string? Issuer, long UserId, string? Role, long IssuedAt, long NotBefore, long ExpiresAt);

    /// <summary>Every claim must be there; one with another name is passed over.</summary>
    private static bool TryReadClaims(ReadOnlySpan<byte> payload, out Claims claims)
    {
        claims = new Claims(null, 0, null, long.MaxValue, long.MaxValue, 0);
        try
        {
            var json = new Utf8JsonReader(payload);
            if (!json.Read() || json.TokenType != JsonTokenType.StartObject)
                return false;
            while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
                ReadClaim(ref json, ref claims);
            return json.TokenType == JsonTokenType.EndObject;
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException or FormatException)
        {
            return false;
        }
    }

    private static void ReadClaim(ref Utf8JsonReader json, ref Claims claims)
    {
        if (json.ValueTextEquals("iss"u8) && json.Read())
            claims.Issuer = json.ValueTextEquals("mall"u8) ? Issuer : null;
        else if (json.ValueTextEquals("sub"u8) && json.Read())
            claims.UserId = ReadUserId(ref json);
        else if (json.ValueTextEquals("role"u8) && json.Read())
            claims.Role = Roles.Known(json.GetString());
        else if (json.ValueTextEquals("iat"u8) && json.Read())
            claims.IssuedAt = json.GetInt64();
        else if (json.ValueTextEquals("nbf"u8) && json.Read())
            claims.NotBefore = json.GetInt64();
        else if (json.ValueTextEquals("exp"u8) && json.Read())
            claims.ExpiresAt = json.GetInt64();
        else
            json.Skip();
    }

    private static long ReadUserId(ref Utf8JsonReader json) =>
        json.TokenType == JsonTokenType.String
        && long.TryParse(json.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0;

    /// <returns>False when the text has a character that no token has.</returns>
    private bool ComputeSignature(ReadOnlySpan<char> signed, Span<char> signature)
    {
        Span<byte> ascii = stackalloc byte[MaxTokenLength];
        if (Ascii.FromUtf16(signed, ascii, out var length) != OperationStatus.Done)
            return false;
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_key, ascii[..length], hash);
        return Base64Url.TryEncodeToChars(hash, signature, out _);
    }

    private static bool FixedTimeEquals(ReadOnlySpan<char> expected, ReadOnlySpan<char> given) =>
        CryptographicOperations.FixedTimeEquals(MemoryMarshal.AsBytes(expected), MemoryMarshal.AsBytes(given));
}
