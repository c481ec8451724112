using System.Net;
using Mall.Api.Auth;
using Mall.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.FrontDoor.Auth;

/// <summary>The link that a start prints: good once, and for operators' matters alone.</summary>
[Collection(nameof(FrontDoorMall))]
public sealed class DashboardEntranceTests(FrontDoorMall door)
{
    private string Link => door.Mall.Services.GetRequiredService<DashboardEntrance>().MakeLink();

    [Fact]
    public async Task Link_WhenOpened_GivesACookieOnce()
    {
        var link = Link;
        Assert.StartsWith("/dashboard?token=", link, StringComparison.Ordinal);
        Assert.NotEqual(HttpStatusCode.Found, (await door.Mall.SendAsync("HEAD", link)).Status); // It is not used up by a look.
        Assert.Equal(HttpStatusCode.Unauthorized, (await door.Mall.SendAsync("GET", link + "x")).Status);

        var opened = await door.Mall.SendAsync("GET", link);

        Assert.Equal((HttpStatusCode.Found, "/dashboard"), (opened.Status, opened.Headers["Location"]));
        Assert.Contains("; path=/; samesite=strict; httponly", opened.Headers["Set-Cookie"], StringComparison.OrdinalIgnoreCase);
        Assert.Equal(HttpStatusCode.Unauthorized, (await door.Mall.SendAsync("GET", link)).Status);
    }

    [Fact]
    public async Task Link_ThatWasUsed_ShowsABrowserWhereToSignIn()
    {
        using var request = WholeMall.Request("GET", Link + "x");
        request.Headers.Add("Accept", "text/html");
        using var response = await door.Mall.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var page = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Contains("This link has been used", page, StringComparison.Ordinal);
        Assert.Contains("type=\"password\"", page, StringComparison.Ordinal);
        Assert.DoesNotContain("token=", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cookie_MakesAnOperator_OfThisOriginAndForOperatorsEndpointsAlone()
    {
        var opened = await door.Mall.SendAsync("GET", Link);
        var cookie = opened.Headers["Set-Cookie"].Split(';')[0];

        Assert.Equal(HttpStatusCode.OK, await AskAsync("GET", "/v1/cluster", cookie));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync("GET", "/v1/cluster", cookie + "x"));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync("GET", "/v1/users/me", cookie));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync("POST", "/v1/sagas/none/retry", cookie));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync("POST", "/v1/sagas/none/retry", cookie, "same-site"));
        Assert.Equal(HttpStatusCode.NotFound, await AskAsync("POST", "/v1/sagas/none/retry", cookie, "same-origin"));
    }

    private async Task<HttpStatusCode> AskAsync(string method, string path, string cookie, string? site = null)
    {
        using var request = WholeMall.Request(method, path);
        request.Headers.Add("Cookie", cookie);
        if (site is not null) request.Headers.Add("Sec-Fetch-Site", site);
        using var response = await door.Mall.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }
}
