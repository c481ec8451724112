using Mall.Tests.Hosting;
using static Mall.Tests.FrontDoor.BadRequests.As;

namespace Mall.Tests.FrontDoor.BadRequests;

/// <summary>A good order under tokens that are not: forged, expired, malformed, missing.</summary>
internal static class TokenRequests
{
    private const string Order = """{"items":[{"productId":$product,"quantity":1}]}""";

    private static readonly string s_payload = Jwt.Payload(2, "user");
    private static readonly string s_good = Jwt.Make(Jwt.Header, s_payload, WholeMall.TokenKey);
    private static readonly string s_signed = s_good[..s_good.LastIndexOf('.')];
    private static readonly string s_signature = s_good[(s_signed.Length + 1)..];

    public static IEnumerable<BadRequest> All =>
    [
        .. Headers.Select(header => Refused(header.Value, header.Name)),
        .. Tokens.Select(token => Refused($"Bearer {token.Value}", token.Name)),
        Refused($"Bearer {s_good}", "a good token, twice")
            with { Headers = [("Authorization", $"Bearer {s_good}"), ("Authorization", $"Bearer {s_good}")] },
    ];

    private static IEnumerable<(string Value, string Name)> Headers =>
    [
        ("", "nothing in the header"),
        ("Bearer", "a scheme without a token"),
        ("Bearer ", "an empty token"),
        (s_good, "a token without a scheme"),
        ("Basic dXNlcjpwYXNzd29yZA==", "another scheme"),
        ($"Token {s_good}", "an unknown scheme"),
    ];

    private static IEnumerable<(string Value, string Name)> Tokens =>
    [
        ("x", "one letter"),
        ("..", "three empty parts"),
        ($"{s_good}.more", "four parts"),
        (new string('a', 6000), "a very long token"),
        (s_signed, "no signature"),
        ($"{s_signed}.", "an empty signature"),
        ($"{Jwt.Encode("""{"alg":"none","typ":"JWT"}""")}.{Jwt.Encode(s_payload)}.", "alg none"),
        ($"{Jwt.Encode("""{"alg":"None"}""")}.{Jwt.Encode(s_payload)}.{s_signature}", "alg None and a signature"),
        (Jwt.Make("""{"alg":"HS512","typ":"JWT"}""", s_payload, WholeMall.TokenKey), "another algorithm"),
        (Jwt.Make("""{"typ":"JWT","alg":"HS256"}""", s_payload, WholeMall.TokenKey), "our algorithm in another header"),
        (Jwt.Make("""{"alg":"HS256","typ":"JWT","jwk":{}}""", s_payload, WholeMall.TokenKey), "a key in the header"),
        (Jwt.Make(Jwt.Header, s_payload, "the key of somebody else, long enough"), "another key"),
        ($"{Jwt.Encode(Jwt.Header)}.{Jwt.Encode(Jwt.Payload(1, "operator"))}.{s_signature}", "another payload"),
        (SecondSpelling(s_good), "a second spelling of the signature"),
        (s_good[..^1], "a signature cut short"),
        (s_good + "A", "a signature with something more"),
        (s_good + "=", "a padded signature"),
        (Signed(Jwt.Payload(2, "user", begins: TimeSpan.FromHours(-3), ends: TimeSpan.FromSeconds(-1))), "expired"),
        (Signed(Jwt.Payload(2, "user", begins: TimeSpan.FromHours(3), ends: TimeSpan.FromHours(6))), "not valid yet"),
        (Signed(Jwt.Payload(2, "user", iss: "bazaar")), "another issuer"),
        (Signed(Jwt.Payload(0, "user")), "user 0"),
        (Signed(Jwt.Payload(-2, "user")), "a negative user"),
        (Signed(Jwt.Payload(2, "emperor")), "a role that there is not"),
        (Signed("""{"iss":"mall","sub":"2","role":"user"}"""), "no times"),
        (Signed("""{"iss":"mall","sub":2,"role":"user","iat":0,"nbf":0,"exp":99999999999}"""), "a user that is no text"),
        (Signed("""{"iss":"mall","sub":"2","role":"user","iat":0,"nbf":0,"exp":"never"}"""), "an end that is a text"),
        (Signed("{}"), "an empty payload"),
        (Signed("not JSON"), "a payload that is not JSON"),
        (Signed(""), "no payload"),
        (Signed($$"""{"name":"{{new string('n', 600)}}"}"""), "a payload that is too long"),
    ];

    private static string Signed(string payload) => Jwt.Make(Jwt.Header, payload, WholeMall.TokenKey);

    /// <summary>The last of 43 characters carries four bits: another one with the same four decodes to the same bytes.</summary>
    private static string SecondSpelling(string token)
    {
        const string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        return token[..^1] + alphabet[alphabet.IndexOf(token[^1], StringComparison.Ordinal) ^ 1];
    }

    private static BadRequest Refused(string header, string name) =>
        BadRequest.Refused(Nobody, "POST", "/v1/orders", Order, 401, ErrorCodes.Unauthenticated, $"token: {name}")
            with { Headers = [("Authorization", header)] };
}
