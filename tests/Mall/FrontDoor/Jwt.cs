using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Mall.Tests.Hosting;

namespace Mall.Tests.FrontDoor;

/// <summary>Makes tokens by RFC 7519 alone, good ones and bad ones, without a line of the code that judges them.</summary>
internal static class Jwt
{
    public const string Header = """{"alg":"HS256","typ":"JWT"}""";

    public static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;

    public static string Operator => Make(Header, Payload(1, "operator"), WholeMall.TokenKey);

    public static string Payload(
        long sub, string role, string iss = "mall", TimeSpan? begins = null, TimeSpan? ends = null, DateTimeOffset? now = null)
    {
        var at = now ?? Now;
        var from = (at + (begins ?? TimeSpan.Zero)).ToUnixTimeSeconds();
        var to = (at + (ends ?? TimeSpan.FromHours(1))).ToUnixTimeSeconds();
        return string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"iss":"{{iss}}","sub":"{{sub}}","role":"{{role}}","iat":{{from}},"nbf":{{from}},"exp":{{to}}}""");
    }

    public static string Make(string header, string payload, string key)
    {
        var signed = $"{Encode(header)}.{Encode(payload)}";
        var signature = HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.ASCII.GetBytes(signed));
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    public static string Encode(string text) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
