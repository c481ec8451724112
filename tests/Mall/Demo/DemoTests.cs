using System.Net;
using Mall.Api;
using Mall.Silo.Demo;
using Mall.Silo.Settings;
using Mall.Tests.Hosting;

namespace Mall.Tests.Demo;

public sealed class DemoTests
{
    [Fact]
    public async Task Demo_FillsAMall_BesideWhatIsThere_AndOnce()
    {
        await using var mall = await WholeMall.OpenAsync(
            options: new ApiOptions { TokenKey = WholeMall.TokenKey, PasswordHashIterations = 1000, ServesSandbox = true });
        var (_, other) = await mall.RegisterAsync("13800000001");
        await mall.SendAsync("POST", "/v1/shops", """{"name":"Corner shop"}""", other);

        var told = await new DemoFill(mall.Client).RunAsync();

        Assert.StartsWith("There are 5 shops, 100 products, 8 customers and 192 reviews", told[0], StringComparison.Ordinal);
        var password = told[1].Split(' ')[^1];
        var session = await mall.SendAsync(
            "POST", "/v1/sessions", $$"""{"mobile":"15500002000","password":"{{password}}"}""");
        var orders = await mall.SendAsync("GET", "/v1/orders", token: session.Json.GetProperty("accessToken").GetString());
        Assert.Equal(2, orders.Json.GetProperty("items").GetArrayLength());
        var page = (await mall.SendAsync("GET", "/v1/products?query=teapot%20yunnan")).Json.GetProperty("items");
        Assert.Equal("Yunnan", Assert.Single(page.EnumerateArray()).GetProperty("attributes").GetProperty("origin").GetString());

        Assert.Contains("nothing was added", Assert.Single(await new DemoFill(mall.Client).RunAsync()), StringComparison.Ordinal);
        Assert.Equal(6, (await mall.SendAsync("GET", "/v1/shops")).Json.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task Demo_WhoseStepFails_Fails()
    {
        await using var mall = await WholeMall.OpenAsync();
        using var client = new HttpClient(new Failing("/v1/payments")) { BaseAddress = mall.Http };

        var failed = await Assert.ThrowsAsync<SettingsException>(() => new DemoFill(client).RunAsync());

        Assert.Contains("/v1/payments", failed.Message, StringComparison.Ordinal);
    }

    /// <summary>A mall in which one path is out of order.</summary>
    private sealed class Failing(string path) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            request.RequestUri!.AbsolutePath == path
                ? Task.FromResult(new HttpResponseMessage(HttpStatusCode.InternalServerError))
                : base.SendAsync(request, cancellationToken);
    }
}
