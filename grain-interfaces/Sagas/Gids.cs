using System.Security.Cryptography;
using System.Text;

namespace Mall.Sagas;

/// <summary>
/// How global transaction ids are made. A request under an idempotency key gets a gid computed from it, so that the saga's own
/// row is the durable record of the key and an order pays for no other.
/// </summary>
public static class Gids
{
    /// <summary>The gid of a request that may be repeated.</summary>
    /// <param name="kind">What is created; the keys of different kinds do not meet.</param>
    /// <param name="userId">Whose key it is; 0 for nobody's.</param>
    /// <param name="key">The client's key.</param>
    public static string FromKey(string kind, long userId, string key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(key), hash);
        return $"{kind}-{userId}-{Convert.ToHexStringLower(hash[..16])}";
    }

    /// <summary>The gid of a request that nobody will repeat.</summary>
    /// <param name="unique">Time-ordered, so that neighbours in time are neighbours in the database's indexes.</param>
    public static string New(string kind, Guid unique) => $"{kind}-{unique:N}";
}
