using System.Globalization;
using System.Net;
using Mall.Tests.FrontDoor;
using Mall.Tests.Hosting;
using Mall.Tests.Payments;

namespace Mall.Tests.Dashboard;

/// <summary>What a mall answers whoever looks at it by hand.</summary>
public sealed class OperatorPageTests(PaymentMall payments) : IClassFixture<PaymentMall>
{
    private WholeMall Mall => payments.Mall;

    [Fact]
    public async Task Hottest_grains_are_named_as_operators_name_them()
    {
        var product = payments.Product;
        while (product < 10) product = await Mall.SellAsync(payments.Seller, stock: 1); // Lower ones look alike in any base.
        var grain = string.Create(CultureInfo.InvariantCulture, $"\"product/{product}\"");
        var cluster = "";
        await TestMall.EventuallyAsync(
            async () =>
            {
                for (var i = 0; i < 64; i++) await Mall.SendAsync("GET", $"/v1/products/{product}"); // One of 64 is noted.
                cluster = (await Mall.SendAsync("GET", "/v1/cluster", token: Jwt.Operator)).Body;
                return cluster.Contains("\"product/", StringComparison.Ordinal);
            },
            "products are hot");
        Assert.Contains(grain, cluster, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stock_of_what_is_no_number_is_told_on_the_page()
    {
        using var request = WholeMall.Request("GET", "/dashboard/stock?id=teapot", token: Jwt.Operator);
        request.Headers.Add("Accept", "text/html");
        using var response = await Mall.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var page = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal("text/html", response.Content.Headers.ContentType?.MediaType);
        Assert.Contains("<nav", page, StringComparison.Ordinal);
        Assert.Contains("There is no product teapot.", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/dashboard/work")]
    [InlineData("/dashboard/orleans/")]
    public async Task Pages_are_shown_in_nobody_s_frame(string path)
    {
        var page = await Mall.SendAsync("GET", path, token: Jwt.Operator);
        Assert.Equal(HttpStatusCode.OK, page.Status);
        Assert.Contains("frame-ancestors 'none'", page.Headers["Content-Security-Policy"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Work_names_all_that_is_due_later()
    {
        var (_, token) = await Mall.RegisterAsync("+49150444");
        await Mall.SendAsync(
            "POST", "/v1/orders", $$"""{"items":[{"productId":{{payments.Product}},"quantity":1}]}""", token);
        var page = await Mall.SendAsync("GET", "/dashboard/work", token: Jwt.Operator);
        foreach (var kind in (string[])["schedule", "order.close"])
            Assert.Contains($"<td>{kind}</td>", page.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Root_leads_to_the_page_on_which_the_API_is_tried()
    {
        var root = await Mall.SendAsync("GET", "/");
        Assert.Equal((HttpStatusCode.Found, "/scalar"), (root.Status, root.Headers.GetValueOrDefault("Location")));
    }
}
