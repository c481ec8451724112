using System.Buffers.Binary;
using System.Buffers.Text;

namespace Mall.Api.Auth;

/// <summary>
/// Refresh tokens: texts that mean nothing to clients. Inside: the session, 256 bits that nobody can guess, and a code by which a
/// front door tells in no time that the mall has made it. So one that is good no more is known for stolen or repeated, and nobody
/// ends a session with a token that never was. The database knows hashes alone.
/// </summary>
internal sealed record RefreshToken(long SessionId, string Text)
{
    private const int IdBytes = sizeof(long);
    private const int SecretBytes = 32;
    private const int CodeBytes = 16;
    private const int AllBytes = IdBytes + SecretBytes + CodeBytes;

    /// <summary>What is kept of it: SHA-256, which is enough for 256 random bits.</summary>
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Text)));

    /// <summary>The first of a session that begins.</summary>
    public static RefreshToken First(SymmetricSecurityKey key)
    {
        var id = BinaryPrimitives.ReadInt64BigEndian(RandomNumberGenerator.GetBytes(IdBytes)) & (long.MaxValue >> 1);
        return Make(id == 0 ? 1 : id, RandomNumberGenerator.GetBytes(SecretBytes), key);
    }

    /// <summary>
    /// What takes this one's place. Under an idempotency key it is always the same: a client that has lost the answer asks again
    /// and gets it, though nobody has kept it. To compute it, the mall's own key is needed besides these two.
    /// </summary>
    public RefreshToken Next(string? idempotencyKey, SymmetricSecurityKey key) => Make(
        SessionId,
        idempotencyKey is null ? RandomNumberGenerator.GetBytes(SecretBytes) : Code(key, "next", $"{Text} {idempotencyKey}"),
        key);

    /// <summary>Null for a text that is not a token of this mall.</summary>
    public static RefreshToken? Parse(string text, SymmetricSecurityKey key)
    {
        Span<byte> bytes = stackalloc byte[AllBytes];
        if (text.Length != Base64Url.GetEncodedLength(AllBytes)
            || Base64Url.DecodeFromChars(text, bytes, out _, out var count) != OperationStatus.Done || count != AllBytes)
            return null;
        var id = BinaryPrimitives.ReadInt64BigEndian(bytes);
        var made = Make(id, bytes[IdBytes..^CodeBytes], key);
        var isOurs = CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(made.Text), Encoding.UTF8.GetBytes(text));
        return isOurs ? made : null;
    }

    private static RefreshToken Make(long sessionId, ReadOnlySpan<byte> secret, SymmetricSecurityKey key)
    {
        var bytes = new byte[AllBytes];
        BinaryPrimitives.WriteInt64BigEndian(bytes, sessionId);
        secret.CopyTo(bytes.AsSpan(IdBytes));
        var code = Code(key, "made", Convert.ToHexString(bytes.AsSpan(..^CodeBytes)));
        code.AsSpan(..CodeBytes).CopyTo(bytes.AsSpan(^CodeBytes..));
        return new RefreshToken(sessionId, Base64Url.EncodeToString(bytes));
    }

    /// <summary>No access token can be taken for what is signed here: its text begins otherwise.</summary>
    private static byte[] Code(SymmetricSecurityKey key, string purpose, string text) =>
        HMACSHA256.HashData(key.Key, Encoding.ASCII.GetBytes($"refresh {purpose} {text}"));
}
