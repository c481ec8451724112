using System.Globalization;
using System.Net;
using Mall.Api;
using Mall.Tests.FrontDoor.Grpc;
using Mall.Tests.Hosting;
using Mall.Users;
using Microsoft.Extensions.Time.Testing;

namespace Mall.Tests.FrontDoor.Contract;

/// <summary>Guessing passwords takes long, from wherever it comes, and locks nobody out.</summary>
public sealed class GuessTests
{
    private const string Mobile = "13800000001";

    [Fact]
    public async Task SignIn_AfterTenWrongPasswords_IsRefusedFromThereAlone()
    {
        await using var mall = await WholeMall.OpenAsync(options: Options("127.0.0.0/8"));
        await mall.RegisterAsync(Mobile);
        await mall.RegisterAsync("13800000002");
        for (var i = 0; i < 10; i++)
            Assert.Equal(HttpStatusCode.Unauthorized, (await SignInAsync(mall, "203.0.113.7", Mobile, "wrong horse")).Status);

        var refused = await SignInAsync(mall, "203.0.113.7", Mobile, "correct horse");
        Assert.Equal((HttpStatusCode.TooManyRequests, ErrorCodes.TooManyRequests), (refused.Status, refused.Code));
        Assert.InRange(int.Parse(refused.Headers["Retry-After"], CultureInfo.InvariantCulture), 800, 900);
        var call = await mall.CallAsync(
            "/mall.v1.Users/Login", new V1.LoginRequest { Mobile = Mobile, Password = "correct horse" }, null,
            ("x-forwarded-for", "198.51.100.1, 203.0.113.7")); // Who is before an untrusted one may be anybody's invention.
        Assert.Equal((8, ErrorCodes.TooManyRequests), (call.Status, call.Code));

        Assert.Equal(HttpStatusCode.OK, (await SignInAsync(mall, "203.0.113.7", "13800000002", "correct horse")).Status);
        Assert.Equal(HttpStatusCode.OK, (await SignInAsync(mall, "203.0.113.8", Mobile, "correct horse")).Status);
        Assert.Equal(HttpStatusCode.OK, (await SignInAsync(mall, "2001:db8::1", Mobile, "correct horse")).Status);
    }

    [Fact]
    public async Task SignIn_WhenManyGuessAtOnce_IsJudgedTenTimes()
    {
        await using var mall = await WholeMall.OpenAsync(options: Options());
        await mall.RegisterAsync(Mobile);

        // Without trusted proxies nobody is believed to be somewhere else.
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 40).Select(i => SignInAsync(mall, $"203.0.113.{i}", Mobile, "wrong horse")));

        Assert.Equal(10, answers.Count(answer => answer.Status == HttpStatusCode.Unauthorized));
        Assert.Equal(30, answers.Count(answer => answer.Status == HttpStatusCode.TooManyRequests));
    }

    [Fact]
    public async Task SignIn_AfterAHundredWrongPasswordsForManyAccounts_IsRefusedFromThereAlone()
    {
        await using var mall = await WholeMall.OpenAsync(options: Options("127.0.0.0/8"));
        await mall.RegisterAsync(Mobile);
        for (var i = 0; i < 100; i++)
            Assert.Equal(HttpStatusCode.Unauthorized, (await SignInAsync(mall, "203.0.113.7", $"139{i:D8}", "wrong")).Status);

        var refused = await SignInAsync(mall, "203.0.113.7", Mobile, "correct horse");
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.Status);
        Assert.InRange(int.Parse(refused.Headers["Retry-After"], CultureInfo.InvariantCulture), 1, 60);
        Assert.Equal(HttpStatusCode.OK, (await SignInAsync(mall, "203.0.113.8", Mobile, "correct horse")).Status);
    }

    [Fact]
    public async Task SignIn_WithTheRightPassword_MayBeRepeatedAtWill()
    {
        await using var mall = await WholeMall.OpenAsync(options: Options());
        await mall.RegisterAsync(Mobile);
        var answers = await Task.WhenAll(Enumerable.Range(0, 110).Select(_ => SignInAsync(mall, null, Mobile, "correct horse")));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
    }

    [Fact]
    public async Task Guard_WhenTimePasses_ForgetsOneFailureAfterTheOther()
    {
        var clock = new FakeTimeProvider();
        var guard = new SignInGuardGrain(clock);
        for (var i = 0; i < 10; i++)
        {
            Assert.Null(await guard.Admit(Mobile, counts: true));
            clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(TimeSpan.FromMinutes(5), await guard.Admit(Mobile, counts: true));
        Assert.Null(await guard.Admit("13800000002", counts: true));
        clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Null(await guard.Admit(Mobile, counts: true));
        Assert.Equal(TimeSpan.FromMinutes(1), await guard.Admit(Mobile, counts: true));
        await guard.Forgive(Mobile);
        Assert.Null(await guard.Admit(Mobile, counts: false));
    }

    private static ApiOptions Options(params string[] proxies) => new()
    {
        TokenKey = WholeMall.TokenKey, PasswordHashIterations = 1000, TrustedProxies = [.. proxies.Select(IPNetwork.Parse)],
    };

    private static async Task<Answer> SignInAsync(WholeMall mall, string? from, string mobile, string password)
    {
        var json = $$"""{"mobile":"{{mobile}}","password":"{{password}}"}""";
        using var request = WholeMall.Request("POST", "/v1/sessions", json);
        if (from is not null) request.Headers.Add("X-Forwarded-For", from);
        using var response = await mall.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return await Answer.ReadAsync(response);
    }
}
