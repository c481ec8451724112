using System.Net;
using Mall.Api.Dashboard;
using Mall.Ledger;
using Mall.Tests.Hosting;
using Mall.Users;
using Microsoft.Extensions.DependencyInjection;
using Credentials = Mall.Api.Auth.Credentials;

namespace Mall.Tests.FrontDoor.Auth;

/// <summary>The form by which an operator's browser signs in: whom it lets in, from where, and where it leads.</summary>
[Collection(nameof(FrontDoorMall))]
public sealed class SignInTests(FrontDoorMall door)
{
    private const string Password = "correct horse";
    private const string Cookie = "mall-operator";

    [Fact]
    public async Task Page_WhenABrowserWithoutTokenAsks_IsAFormThatLeadsBackThere()
    {
        var asked = await AskAsync("GET", "/dashboard/sagas?parked=true&status=%22%3E");
        Assert.Equal((HttpStatusCode.Unauthorized, "text/html"), (asked.Status, asked.ContentType));
        Assert.Contains("""<form method="post" action="/dashboard/sign-in""", asked.Body, StringComparison.Ordinal);
        Assert.Contains(
            """name="to" value="/dashboard/sagas?parked=true&amp;status=%22%3E""", asked.Body, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", asked.Headers["Content-Security-Policy"], StringComparison.Ordinal);
        Assert.Equal("no-store", asked.Headers["Cache-Control"]);

        var program = await door.Mall.SendAsync("GET", "/dashboard/sagas");
        Assert.Equal((HttpStatusCode.Unauthorized, "application/problem+json"), (program.Status, program.ContentType));
        using var forged = WholeMall.Request("GET", "/dashboard", token: Jwt.Operator + "A");
        forged.Headers.Add("Accept", "text/html");
        using var refused = await door.Mall.Client.SendAsync(forged, TestContext.Current.CancellationToken);
        Assert.Equal("application/problem+json", refused.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task Operator_WhoSignsIn_HasASession_UntilTheySignOut()
    {
        var mobile = await OperatorAsync("13822220001");

        var entered = await EnterAsync(mobile, Password, to: "/dashboard/sagas?parked=true");

        Assert.Equal((HttpStatusCode.Found, "/dashboard/sagas?parked=true"), (entered.Status, entered.Headers["Location"]));
        Assert.Contains("; path=/; samesite=strict; httponly", entered.Headers["Set-Cookie"], StringComparison.OrdinalIgnoreCase);
        var cookie = entered.Headers["Set-Cookie"].Split(';')[0];
        Assert.StartsWith(Cookie + "=eyJ", cookie, StringComparison.Ordinal); // What every front door of the mall knows.
        Assert.Equal(HttpStatusCode.OK, (await AskAsync("GET", "/dashboard/sagas", cookie)).Status);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync("GET", "/v1/cluster", cookie)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync("GET", "/v1/users/me", cookie)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync("GET", "/dashboard", cookie + "x")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await AskAsync("POST", "/v1/sagas/none/retry", cookie)).Status);
        Assert.Equal(
            HttpStatusCode.Unauthorized, (await AskAsync("POST", "/v1/sagas/none/retry", cookie, "https://evil.example")).Status);
        Assert.Equal(
            HttpStatusCode.Unauthorized,
            (await AskAsync("POST", "/dashboard/sign-out", cookie, "https://evil.example", form: "")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await AskAsync("POST", "/v1/sagas/none/retry", cookie, Own)).Status);

        var left = await AskAsync("POST", "/dashboard/sign-out", cookie, Own, form: "");

        Assert.Equal((HttpStatusCode.Found, "/dashboard/sign-in"), (left.Status, left.Headers["Location"]));
        Assert.StartsWith($"{Cookie}=; expires=Thu, 01 Jan 1970", left.Headers["Set-Cookie"], StringComparison.Ordinal);
        var after = await AskAsync("GET", "/dashboard/sagas", cookie); // Whoever has copied it has nothing.
        Assert.Equal(HttpStatusCode.Unauthorized, after.Status);
        Assert.Contains("The session has ended: sign in again.", after.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhoIsNoOperator_IsAnsweredAsAWrongPassword_AndHasNoSession()
    {
        await door.Mall.RegisterAsync("13822220002");
        var mobile = await OperatorAsync("13822220003");
        var before = await SessionsAsync();

        foreach (var (who, password) in (IEnumerable<(string, string)>)[
            ("13822220002", Password), ("13822220002", "wrong"), (mobile, "wrong"), ("13822229999", Password)])
        {
            var answer = await EnterAsync(who, password);
            Assert.Equal((HttpStatusCode.Unauthorized, "text/html"), (answer.Status, answer.ContentType));
            Assert.Contains(
                "Mobile or password is wrong, or the account is not an operator", answer.Body, StringComparison.Ordinal);
            Assert.DoesNotContain("Set-Cookie", answer.Headers.Keys);
        }

        var empty = await EnterAsync("", "");
        Assert.Equal((HttpStatusCode.BadRequest, "text/html"), (empty.Status, empty.ContentType));
        Assert.Equal(before, await SessionsAsync());
    }

    [Fact]
    public async Task Guesses_AreCountedWithThoseOfEveryOtherSignIn()
    {
        var mobile = await OperatorAsync("13822220004");
        var wrong = $$"""{"mobile":"{{mobile}}","password":"wrong horse"}""";
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await EnterAsync(mobile, $"guess {i}")).Status);
            Assert.Equal(HttpStatusCode.Unauthorized, (await door.Mall.SendAsync("POST", "/v1/sessions", wrong)).Status);
        }

        var refused = await EnterAsync(mobile, Password);

        Assert.Equal((HttpStatusCode.TooManyRequests, "text/html"), (refused.Status, refused.ContentType));
        Assert.InRange(int.Parse(refused.Headers["Retry-After"], System.Globalization.CultureInfo.InvariantCulture), 800, 900);
        Assert.DoesNotContain("Set-Cookie", refused.Headers.Keys);
        Assert.Equal(HttpStatusCode.TooManyRequests, (await door.Mall.SendAsync("POST", "/v1/sessions", wrong)).Status);
    }

    [Theory]
    [InlineData("https://evil.example", "cross-site")]
    [InlineData("https://evil.example", "same-origin")]
    [InlineData("null", null)]
    [InlineData("own", "same-site")] // Another port of this machine.
    [InlineData(null, "none")]
    [InlineData(null, null)]
    public async Task Form_OfAnotherOrigin_SignsNobodyIn(string? origin, string? site)
    {
        var mobile = await OperatorAsync("13822220005");
        var answer = await EnterAsync(mobile, Password, origin: origin == "own" ? Own : origin, site: site);
        Assert.Equal(HttpStatusCode.Forbidden, answer.Status);
        Assert.DoesNotContain("Set-Cookie", answer.Headers.Keys);
    }

    [Fact]
    public async Task Form_ThatIsNone_IsRefused()
    {
        using var request = WholeMall.Request("POST", "/dashboard/sign-in", """{"mobile":"1","password":"2"}""");
        request.Headers.Add("Origin", Own);
        using var answer = await door.Mall.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
        Assert.Equal(
            HttpStatusCode.BadRequest,
            (await AskAsync("POST", "/dashboard/sign-in", null, Own, form: new string('&', 2) + string.Join(
                '&', Enumerable.Range(0, 1100).Select(i => $"a{i}=")))).Status);
    }

    [Theory]
    [InlineData("https://evil.example/dashboard")]
    [InlineData("//evil.example/dashboard")]
    [InlineData("/\\evil.example")]
    [InlineData("/dashboard\\..\\..\\evil.example")]
    [InlineData("/dashboard/..//evil.example")]
    [InlineData("/dashboard.evil.example")]
    [InlineData("/dashboard/\r\nSet-Cookie: mall-operator=x")]
    [InlineData("javascript:alert(1)")]
    [InlineData("/dashboard/sign-out")]
    [InlineData("/v1/users/me")]
    [InlineData(null)]
    public void SignIn_LeadsToTheMallsOwnPagesAlone(string? wanted)
    {
        Assert.Equal("/dashboard", SignIn.PageOf(wanted));
        Assert.Equal("/dashboard/sagas/a%2Fb?x=y", SignIn.PageOf("/dashboard/sagas/a%2Fb?x=y"));
    }

    private string Own => door.Mall.Http.GetLeftPart(UriPartial.Authority);

    /// <summary>An operator as <c>admin create</c> makes one; whoever is there already stays.</summary>
    private async Task<string> OperatorAsync(string mobile)
    {
        var account = new NewUser(mobile, Credentials.Hash(Password), "", "", "operator");
        await Accounts.PutAsync(door.Mall.Services.GetRequiredService<ILedger>(), account, DateTimeOffset.UtcNow);
        return mobile;
    }

    private async Task<long> SessionsAsync()
    {
        var count = new Query<long>("select count(*) from sessions", row => row.GetInt64(0));
        var ledger = door.Mall.Services.GetRequiredService<ILedger>();
        return (await ledger.QueryAsync(count, TestContext.Current.CancellationToken))[0];
    }

    private Task<Answer> EnterAsync(string mobile, string password, string to = "/dashboard") =>
        EnterAsync(mobile, password, Own, "same-origin", to);

    private Task<Answer> EnterAsync(string mobile, string password, string? origin, string? site, string to = "/dashboard") =>
        AskAsync(
            "POST", "/dashboard/sign-in", null, origin, site,
            $"to={Uri.EscapeDataString(to)}&mobile={Uri.EscapeDataString(mobile)}&password={Uri.EscapeDataString(password)}");

    private async Task<Answer> AskAsync(
        string method, string path, string? cookie = null, string? origin = null, string? site = null, string? form = null)
    {
        using var request = WholeMall.Request(method, path);
        request.Headers.Add("Accept", "text/html,application/xhtml+xml");
        if (cookie is not null) request.Headers.Add("Cookie", cookie);
        if (origin is not null) request.Headers.Add("Origin", origin);
        if (site is not null) request.Headers.Add("Sec-Fetch-Site", site);
        if (form is not null)
            request.Content = new StringContent(
                form, System.Text.Encoding.UTF8, new System.Net.Http.Headers.MediaTypeHeaderValue(
                    "application/x-www-form-urlencoded"));
        using var response = await door.Mall.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return await Answer.ReadAsync(response);
    }
}
