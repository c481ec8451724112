using Mall.Silo.Demo;
using Mall.Tests.Hosting;

namespace Mall.Tests.Demo;

public sealed class DemoTests
{
    [Fact]
    public async Task Demo_FillsAnEmptyMall_AndNoOther()
    {
        await using var mall = await WholeMall.OpenAsync();

        var told = await new DemoFill(mall.Client).RunAsync();

        Assert.StartsWith("The mall has 5 shops, 100 products, 8 customers", told[0], StringComparison.Ordinal);
        var password = told[1].Split(' ')[^1];
        var session = await mall.SendAsync(
            "POST", "/v1/sessions", $$"""{"mobile":"15500002000","password":"{{password}}"}""");
        var orders = await mall.SendAsync("GET", "/v1/orders", token: session.Json.GetProperty("accessToken").GetString());
        Assert.Equal(2, orders.Json.GetProperty("items").GetArrayLength());
        var page = (await mall.SendAsync("GET", "/v1/products?query=teapot%20yunnan")).Json.GetProperty("items");
        Assert.Equal("Yunnan", Assert.Single(page.EnumerateArray()).GetProperty("attributes").GetProperty("origin").GetString());

        Assert.Equal("The mall is filled already; nothing was added.", Assert.Single(await new DemoFill(mall.Client).RunAsync()));
        Assert.Equal(100, (await mall.SendAsync("GET", "/v1/products?limit=100")).Json.GetProperty("items").GetArrayLength());
    }
}
