using System.Net;
using Mall.Api;
using Mall.Tests.FrontDoor.BadRequests;
using Mall.Tests.Hosting;

namespace Mall.Tests.FrontDoor;

/// <summary>HEAD where GET is, OPTIONS everywhere, and browsers of other origins.</summary>
[Collection(nameof(FrontDoorMall))]
public sealed class MethodTests(FrontDoorMall door)
{
    private const string Shop = "https://shop.example";

    [Theory]
    [InlineData("/health/live", As.Nobody)]
    [InlineData("/health/ready", As.Nobody)]
    [InlineData("/v1/products/$product", As.Nobody)]
    [InlineData("/v1/shops/$shop", As.Nobody)]
    [InlineData("/v1/orders", As.Customer)]
    [InlineData("/v1/orders/$order", As.Customer)]
    [InlineData("/v1/users/me", As.Nobody)]
    [InlineData("/v1/sagas", As.Operator)]
    [InlineData("/v1/none", As.Nobody)]
    [InlineData("/metrics", As.Nobody)]
    [InlineData("/openapi/v1.json", As.Nobody)]
    [InlineData("/dashboard/orleans/", As.Nobody)]
    public async Task Head_IsAnsweredAsGetWithoutABody(string path, As who)
    {
        path = door.Fill(path);
        var get = await door.Mall.SendAsync("GET", path, token: door.Token(who));
        var head = await door.Mall.SendAsync("HEAD", path, token: door.Token(who));

        Assert.Equal((get.Status, get.ContentType, ""), (head.Status, head.ContentType, head.Body));
    }

    [Theory]
    [InlineData("/v1/orders", "GET, HEAD, OPTIONS, POST")]
    [InlineData("/v1/products/1", "DELETE, GET, HEAD, OPTIONS, PATCH")]
    [InlineData("/v1/sessions", "OPTIONS, POST")]
    [InlineData("/health/live", "GET, HEAD, OPTIONS")]
    [InlineData("/metrics", "GET, HEAD, OPTIONS")]
    public async Task Options_SaysWhatThePathTakes(string path, string methods)
    {
        var options = await door.Mall.SendAsync("OPTIONS", path);
        var refused = await door.Mall.SendAsync("PROPFIND", path);
        var preflight = await AskAsync(door.Mall, "OPTIONS", path, Shop);

        Assert.Equal((HttpStatusCode.NoContent, "", methods), (preflight.Status, preflight.Body, preflight.Headers["Allow"]));
        Assert.Equal((HttpStatusCode.NoContent, "", methods), (options.Status, options.Body, options.Headers["Allow"]));
        Assert.Equal((HttpStatusCode.MethodNotAllowed, methods), (refused.Status, refused.Headers["Allow"]));
    }

    [Fact]
    public async Task Options_OfNoPath_Is404()
    {
        Assert.Equal(HttpStatusCode.NotFound, (await door.Mall.SendAsync("OPTIONS", "/v1/none")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(door.Mall, "OPTIONS", "/v1/none", Shop)).Status);
    }

    [Fact]
    public async Task Browser_OfAnyOrigin_IsAllowedNothingWithoutTheSetting()
    {
        var preflight = await AskAsync(door.Mall, "OPTIONS", "/v1/orders", Shop);
        Assert.Equal(HttpStatusCode.NoContent, preflight.Status);
        foreach (var answer in new[] { preflight, await AskAsync(door.Mall, "GET", "/v1/products/1", Shop) })
            Assert.DoesNotContain(answer.Headers.Keys, IsOfCors);
    }

    [Fact]
    public async Task Browser_OfAnOriginInTheSetting_MayUseEverythingAndReadWhyNot()
    {
        await using var mall = await WholeMall.OpenAsync(options: new ApiOptions
        {
            TokenKey = WholeMall.TokenKey, PasswordHashIterations = 1000, Cors = [Shop, "http://localhost:3000"],
        });
        foreach (var path in new[] { "/v1/orders", "/v1/products/1", "/v1/cart/items/1" })
        {
            var preflight = await AskAsync(mall, "OPTIONS", path, Shop);
            Assert.Equal((HttpStatusCode.NoContent, Shop), (preflight.Status, preflight.Headers["Access-Control-Allow-Origin"]));
            Assert.Equal("authorization,content-type,idempotency-key", preflight.Headers["Access-Control-Allow-Headers"]);
            Assert.Contains("PATCH", preflight.Headers["Access-Control-Allow-Methods"], StringComparison.Ordinal);
            Assert.Contains("OPTIONS", preflight.Headers["Allow"], StringComparison.Ordinal);
            Assert.Contains("Access-Control-Max-Age", preflight.Headers.Keys);
        }

        foreach (var path in new[] { "/v1/products/1", "/v1/none", "/health/live" }) // 404, 404, 200
        {
            var answer = await AskAsync(mall, "GET", path, Shop);
            Assert.Equal(Shop, answer.Headers["Access-Control-Allow-Origin"]);
            Assert.Equal("Retry-After,Location", answer.Headers["Access-Control-Expose-Headers"]);
            Assert.Equal("Origin", answer.Headers["Vary"]);
            Assert.DoesNotContain("Access-Control-Allow-Credentials", answer.Headers.Keys);
        }

        foreach (var stranger in new[] { "https://shop.example.evil.example", "http://shop.example", "null" })
        {
            var preflight = await AskAsync(mall, "OPTIONS", "/v1/orders", stranger);
            Assert.Equal(HttpStatusCode.NoContent, preflight.Status);
            Assert.DoesNotContain(preflight.Headers.Keys, IsOfCors);
            Assert.DoesNotContain((await AskAsync(mall, "GET", "/health/live", stranger)).Headers.Keys, IsOfCors);
        }
    }

    private static bool IsOfCors(string header) => header.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase);

    private static async Task<Answer> AskAsync(WholeMall mall, string method, string path, string origin)
    {
        using var request = WholeMall.Request(method, path);
        request.Headers.Add("Origin", origin);
        if (method == "OPTIONS")
        {
            request.Headers.Add("Access-Control-Request-Method", "POST");
            request.Headers.Add("Access-Control-Request-Headers", "authorization,content-type,idempotency-key");
        }

        using var response = await mall.Client.SendAsync(request, TestContext.Current.CancellationToken);
        return await Answer.ReadAsync(response);
    }
}
