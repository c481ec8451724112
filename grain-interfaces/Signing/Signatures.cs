using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Mall.Signing;

/// <summary>
/// How a body is signed that goes from one system to another: HMAC-SHA256 over <c>timestamp + "." + body</c>, byte for byte as it
/// is sent, so that neither the body nor its time can be changed, and nothing old can be sent again later.
/// </summary>
public static class Signatures
{
    public const string TimestampHeader = "X-Timestamp";
    public const string SignatureHeader = "X-Signature";
    public const string EventIdHeader = "X-Event-Id";

    private const string Prefix = "sha256=";

    /// <summary>How far the sender's clock and the way may put a timestamp off, either way.</summary>
    public static TimeSpan Window { get; } = TimeSpan.FromMinutes(5);

    /// <summary>The timestamp of a moment: Unix seconds.</summary>
    public static string Timestamp(DateTimeOffset time) => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);

    /// <summary>The signature as its header carries it: <c>sha256=</c> and 64 digits.</summary>
    /// <param name="key">The secret as text; its UTF-8 bytes are the key.</param>
    public static string Sign(string key, string timestamp, ReadOnlySpan<byte> body) =>
        Prefix + Convert.ToHexStringLower(Hash(key, timestamp, body));

    /// <summary>Whether the signature is of this body and timestamp and the timestamp is of now. It takes the same time however
    /// much of a signature is right.</summary>
    public static bool IsGood(string key, string? timestamp, string? signature, ReadOnlySpan<byte> body, DateTimeOffset now)
    {
        if (!long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)) return false;
        if (Math.Abs((decimal)now.ToUnixTimeSeconds() - seconds) > (decimal)Window.TotalSeconds) return false;
        if (signature is null || !signature.StartsWith(Prefix, StringComparison.Ordinal)) return false;
        Span<byte> given = stackalloc byte[HMACSHA256.HashSizeInBytes];
        var read = Convert.FromHexString(signature.AsSpan(Prefix.Length), given, out _, out var bytes);
        return read == System.Buffers.OperationStatus.Done
            && bytes == given.Length
            && CryptographicOperations.FixedTimeEquals(given, Hash(key, timestamp, body));
    }

    private static byte[] Hash(string key, string timestamp, ReadOnlySpan<byte> body)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(key));
        hash.AppendData(Encoding.UTF8.GetBytes(timestamp + "."));
        hash.AppendData(body);
        return hash.GetHashAndReset();
    }
}
