using System.Text;
using static Mall.Tests.FrontDoor.BadRequests.As;

namespace Mall.Tests.FrontDoor.BadRequests;

/// <summary>Registrations and sign-ins that must be refused; what can be wrong with any JSON body is tried on them.</summary>
internal static class AccountRequests
{
    private const string Users = "/v1/users";
    private const string Sessions = "/v1/sessions";
    private const string Good = """{"mobile":"13900000001","password":"correct horse"}""";

    public static IEnumerable<BadRequest> All => [.. Bodies, .. ContentTypes, .. Keys, .. Registrations, .. SignIns];

    private static IEnumerable<BadRequest> Bodies =>
    [
        Register("", null, "an empty body"),
        Register("   ", null, "a blank body"),
        Register("null", null, "null"),
        Register("true", null, "a boolean"),
        Register("12", null, "a number"),
        Register("\"text\"", null, "a text"),
        Register("[]", null, "a list"),
        Register("{", null, "an object that does not end"),
        Register("""{"mobile":"13900000001","password":"correct horse" """, null, "an object that ends too early"),
        Register(Good + "x", null, "something after the object"),
        Register(Good + Good, null, "two objects"),
        Register("""{"mobile":"13900000001","password":"correct horse",}""", null, "a comma too many"),
        Register("""{'mobile':'13900000001','password':'correct horse'}""", null, "single quotes"),
        Register("""{mobile:"13900000001",password:"correct horse"}""", null, "names without quotes"),
        Register("""{/* hello */"mobile":"13900000001","password":"correct horse"}""", null, "a comment"),
        Register("\uFEFF" + Good, null, "a byte order mark"),
        Register($$"""{"name":{{new string('[', 100)}}{{new string(']', 100)}}}""", "name", "a hundred lists in each other"),
        Register("""{"mobile":"13900000001","mobile":"13900000002","password":"correct horse"}""", "mobile", "a field twice"),
        Register("""{"Mobile":"13900000001","password":"correct horse"}""", "Mobile", "a field in another case"),
        Register("mobile=13900000001&password=correct+horse", null, "a form that says it is JSON"),
        Raw([0xFF, 0xFE, .. Encoding.Unicode.GetBytes(Good)], null, "UTF-16"),
        Raw([.. """{"mobile":"13900000001","password":"corr"""u8, 0xC3, 0x28, .. "\"}"u8], "password", "a text not in UTF-8"),
        Raw([.. """{"mobile":"13900000001","pa"""u8, 0xC3, 0x28, .. "\":1}"u8], null, "a name not in UTF-8"),
        Raw([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], null, "ten bytes of nothing"),
        TooLarge(chunked: false, "a body beyond the limit"),
        TooLarge(chunked: true, "a body beyond the limit, in chunks"),
    ];

    private static IEnumerable<BadRequest> ContentTypes =>
    [
        OfType("text/plain"),
        OfType("application/x-www-form-urlencoded"),
        OfType("application/json; charset=utf-16"),
        OfType("application/xml"),
        OfType("application/grpc"),
        OfType("nonsense"),
        OfType(null),
        OfType("application/json") with { Headers = [("Content-Encoding", "gzip")], Name = "POST /v1/users: a compressed body" },
    ];

    private static IEnumerable<BadRequest> Keys =>
    [
        UnderKey("", "an empty key"),
        UnderKey(new string('k', 129), "a key of 129 characters"),
        UnderKey("two words", "a key with a space in it"),
        UnderKey("k\u00E4y", "a key beyond ASCII"),
        UnderKey("one", "two keys") with { Headers = [("Idempotency-Key", "one"), ("Idempotency-Key", "two")] },
    ];

    private static IEnumerable<BadRequest> Registrations =>
    [
        Register("""{"password":"correct horse"}""", "mobile", "no mobile"),
        Register("""{"mobile":null,"password":"correct horse"}""", "mobile", "a mobile that is null"),
        Register("""{"mobile":13900000001,"password":"correct horse"}""", "mobile", "a mobile that is a number"),
        Register("""{"mobile":["13900000001"],"password":"correct horse"}""", "mobile", "a mobile that is a list"),
        Mobile("", "an empty mobile"),
        Mobile("1234", "a mobile of 4 digits"),
        Mobile("123456789012345678901", "a mobile of 21 digits"),
        Mobile("+123456789012345678901", "a mobile of a plus and 21 digits"),
        Mobile("++13900000001", "two pluses"),
        Mobile("1390000000a", "a letter in a mobile"),
        Mobile("139 0000 0001", "spaces in a mobile"),
        Mobile("\uFF11\uFF12\uFF13\uFF14\uFF15\uFF16", "digits of another script"),
        Mobile("13900000001'; drop table users; --", "an injection"),
        Register("""{"mobile":"13900000001"}""", "password", "no password"),
        Password("1234567", "a password of 7 characters"),
        Password(new string('p', 129), "a password of 129 characters"),
        Password("        ", "a blank password"),
        Password("correct\\u0000horse", "a zero character in a password"),
        Password("correct \\ud800 horse", "half a character in a password"),
        Register("""{"mobile":"13900000001","password":12345678}""", "password", "a password that is a number"),
        With("name", $"\"{new string('n', 65)}\"", "a name of 65 characters"),
        With("name", "\"a\\u0007b\"", "a control character in a name"),
        With("name", "7", "a name that is a number"),
        .. Nothing.Shown.Select(name => With("name", $"\"{name}\"", $"a name that shows nothing, {name}")),
        Password(string.Concat(Enumerable.Repeat("\\u200b", 8)), "a password that shows nothing"),
        Mobile("+999150000001", "a country that there is not"),
        Mobile("+49", "a country alone"),
        Mobile("+49150000001 ext. 5", "an extension"),
        Mobile("+++49150000001", "three pluses"),
        Mobile("+" + new string(' ', 40) + "49150000001", "a number that is mostly spaces"),
        With("gender", "\"robot\"", "an unknown gender"),
        With("gender", "1", "a gender that is a number"),
        With("role", "\"operator\"", "a role, which is not the client's to choose"),
        With("points", "1000000", "points, which are not the client's to choose"),
        With("id", "1", "an id, which is not the client's to choose"),
    ];

    private static IEnumerable<BadRequest> SignIns =>
    [
        SignIn("""{"password":"correct horse"}""", "mobile", "no mobile"),
        SignIn("""{"mobile":"13800000001"}""", "password", "no password"),
        SignIn("""{"mobile":13800000001,"password":"correct horse"}""", "mobile", "a mobile that is a number"),
        SignIn($$"""{"mobile":"{{new string('1', 41)}}","password":"correct horse"}""", "mobile", "a mobile too long for any"),
        SignIn($$"""{"mobile":"13800000001","password":"{{new string('p', 129)}}"}""", "password", "a password too long for any"),
        SignIn("[]", null, "a list"),
        SignIn("""{"mobile":"13800000001","password":"correct horse","remember":true}""", "remember", "an unknown field"),
        WrongSignIn("""{"mobile":"13800000001","password":"wrong horse"}""", "a wrong password"),
        WrongSignIn("""{"mobile":"13899999999","password":"correct horse"}""", "a mobile that nobody has"),
        WrongSignIn("""{"mobile":"' or 1=1 --","password":"correct horse"}""", "an injection"),
        WrongSignIn("""{"mobile":"13800000001","password":"x"}""", "a password too short for any"),
    ];

    private static BadRequest Register(string body, string? field, string name) =>
        BadRequest.Field100002(Nobody, "POST", Users, body, field, name);

    private static BadRequest Raw(byte[] body, string? field, string name) => Register("", field, name) with { Body = body };

    private static BadRequest Mobile(string mobile, string name) =>
        Register($$"""{"mobile":"{{mobile}}","password":"correct horse"}""", "mobile", name);

    private static BadRequest Password(string password, string name) =>
        Register($$"""{"mobile":"13900000001","password":"{{password}}"}""", "password", name);

    private static BadRequest With(string field, string value, string name) =>
        Register($$"""{"mobile":"13900000001","password":"correct horse","{{field}}":{{value}}}""", field, name);

    private static BadRequest OfType(string? contentType) =>
        BadRequest.Refused(Nobody, "POST", Users, Good, 415, ErrorCodes.BadParameter, $"content type {contentType ?? "absent"}")
            with { ContentType = contentType };

    private static BadRequest UnderKey(string key, string name) =>
        Register(Good, "Idempotency-Key", name) with { Headers = [("Idempotency-Key", key)] };

    private static BadRequest TooLarge(bool chunked, string name) =>
        BadRequest.Refused(Nobody, "POST", Users, Good + new string(' ', 70_000), 413, ErrorCodes.BadParameter, name)
            with { Chunked = chunked };

    private static BadRequest SignIn(string body, string? field, string name) =>
        BadRequest.Field100002(Nobody, "POST", Sessions, body, field, name);

    private static BadRequest WrongSignIn(string body, string name) =>
        BadRequest.Refused(Nobody, "POST", Sessions, body, 401, ErrorCodes.WrongCredentials, name);
}
