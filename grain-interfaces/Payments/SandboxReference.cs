using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Mall.Payments;

/// <summary>
/// What the sandbox calls a payment: its id, and digits that only who has the payment key can make, so that nobody pays the
/// payments of others by counting.
/// </summary>
public static class SandboxReference
{
    public static string Of(long paymentId, string key) =>
        string.Create(CultureInfo.InvariantCulture, $"sandbox-{paymentId}-{Proof(paymentId, key)}");

    /// <summary>The payment's id; null when the mall has not given this out.</summary>
    public static long? PaymentOf(string reference, string key) =>
        reference.Split('-') is ["sandbox", var id, _]
        && long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var paymentId)
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Of(paymentId, key)), Encoding.UTF8.GetBytes(reference))
            ? paymentId
            : null;

    private static string Proof(long paymentId, string key)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"sandbox payment {paymentId}");
        return Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(text))[..12]);
    }
}
