using System.Buffers;
using System.Security.Cryptography;
using System.Text;

namespace Mall.Sagas;

/// <summary>
/// How global transaction ids are made. A request under an idempotency key gets a gid made of it, so that the saga's own
/// row is the durable record of the key and an order pays for no other. Whatever order keys have, gids have too: see
/// docs/decisions/0018.
/// </summary>
public static class Gids
{
    private const int MostOfKey = 64; // Of the 128 characters that a gid may have; a UUID has 36.

    private static readonly SearchValues<char> s_plain =
        SearchValues.Create("-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz");

    /// <summary>The gid of a request that may be repeated: <c>order-KEY@7</c>, or <c>order-7-HASH</c> for a key that is long or
    /// would have to be escaped in a path.</summary>
    /// <param name="kind">What is created; the keys of different kinds do not meet.</param>
    /// <param name="userId">Whose key it is; 0 for nobody's.</param>
    /// <param name="key">The client's key.</param>
    public static string FromKey(string kind, long userId, string key)
    {
        if (key.Length <= MostOfKey && !key.AsSpan().ContainsAnyExcept(s_plain)) return $"{kind}-{key}@{userId}";
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(key), hash);
        return $"{kind}-{userId}-{Convert.ToHexStringLower(hash[..16])}";
    }

    /// <summary>The gid of a request that nobody will repeat.</summary>
    /// <param name="unique">Time-ordered, so that neighbours in time are neighbours in the database's indexes.</param>
    public static string New(string kind, Guid unique) => $"{kind}-{unique:N}";
}
