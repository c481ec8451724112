using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Mall.Tests.Hosting;

namespace Mall.Tests.Payments;

/// <summary>The sandbox's page does what its buttons say, by form and by JSON.</summary>
public sealed partial class SandboxTests(PaymentMall payments) : IClassFixture<PaymentMall>
{
    [GeneratedRegex("""name="action" value="([a-z-]+)""")]
    private static partial Regex Button { get; }

    private WholeMall Mall => payments.Mall;

    [Theory]
    [InlineData("pay", 1, 1, "200")]
    [InlineData("decline", 2, 0, "200")]
    [InlineData("twice", 1, 1, "200 200")]
    [InlineData("out-of-order", 1, 1, "200 200")]
    [InlineData("wrong-amount", 0, 0, "409")]
    public async Task Action_reports_to_the_mall(string action, int payment, int order, string callbacks)
    {
        var (token, orderId, path, page) = await OpenAsync();

        var done = await Mall.SendAsync("POST", page, $$"""{"action":"{{action}}"}""");

        Assert.Equal(HttpStatusCode.OK, done.Status);
        var statuses = done.Json.GetProperty("callbacks").EnumerateArray().Select(call => call.GetProperty("status").GetInt32());
        Assert.Equal(callbacks, string.Join(' ', statuses));
        Assert.Equal(payment, done.Json.GetProperty("payment").GetProperty("status").GetInt32());
        Assert.Equal(payment, await payments.StatusAsync(path, token));
        Assert.Equal(order, await payments.StatusAsync($"/v1/orders/{orderId}", token));
        Assert.Equal(order == 1 ? 12 : 10, await payments.PointsAsync(token));
    }

    [Fact]
    public async Task Late_pays_when_the_order_waits_no_more_and_the_money_goes_back()
    {
        var (token, orderId, path, page) = await OpenAsync();
        var late = await Mall.SendAsync("POST", page, """{"action":"late"}""");
        Assert.Equal(0, late.Json.GetProperty("payment").GetProperty("status").GetInt32());
        await Mall.SendAsync("POST", $"/v1/orders/{orderId}/cancel", token: token);

        await TestMall.EventuallyAsync(async () => await payments.StatusAsync(path, token) == 3, "the payment is refunded");

        Assert.Equal(2, await payments.StatusAsync($"/v1/orders/{orderId}", token));
    }

    [Fact]
    public async Task Page_has_a_button_for_each_action_and_its_form_comes_back_to_it()
    {
        var (token, _, path, page) = await OpenAsync();
        var shown = await Mall.SendAsync("GET", page);
        Assert.StartsWith("text/html", shown.Headers["Content-Type"], StringComparison.Ordinal);
        Assert.Equal(
            ["pay", "decline", "twice", "out-of-order", "wrong-amount", "late"],
            Button.Matches(shown.Body).Select(match => match.Groups[1].Value));
        Assert.Contains("<h1>2.50</h1>", shown.Body, StringComparison.Ordinal);

        using var request = new HttpRequestMessage(HttpMethod.Post, page);
        request.Content = new StringContent("action=pay", Encoding.UTF8, "application/x-www-form-urlencoded");
        using var response = await Mall.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.SeeOther, response.StatusCode);
        var after = await Mall.SendAsync("GET", response.Headers.Location!.ToString());
        Assert.Contains("paid", after.Body, StringComparison.Ordinal);
        Assert.Equal(1, await payments.StatusAsync(path, token));
    }

    [Fact]
    public async Task Page_of_what_is_refunded_says_that_it_is_over_and_that_of_a_failure_that_it_is_not()
    {
        var (token, orderId, _, page) = await OpenAsync();
        await Mall.SendAsync("POST", page, """{"action":"decline"}""");
        var declined = (await Mall.SendAsync("GET", page)).Body;
        Assert.Contains("may still be paid", declined, StringComparison.Ordinal);
        Assert.NotEmpty(Button.Matches(declined));

        await Mall.SendAsync("POST", page, """{"action":"pay"}""");
        Assert.Equal(HttpStatusCode.OK, (await Mall.SendAsync("POST", $"/v1/orders/{orderId}/refund", token: token)).Status);
        var refunded = (await Mall.SendAsync("GET", page)).Body;
        Assert.Contains("over", refunded, StringComparison.Ordinal);
        Assert.Empty(Button.Matches(refunded));
    }

    [Fact]
    public async Task Reference_that_was_not_given_out_and_action_that_there_is_not_are_refused()
    {
        var (_, _, _, page) = await OpenAsync();
        var last = page[^1] == '0' ? '1' : '0';
        var guessed = await Mall.SendAsync("GET", page[..^1] + last);
        Assert.Equal((HttpStatusCode.NotFound, ErrorCodes.NoSuchPayment), (guessed.Status, guessed.Code));
        var odd = await Mall.SendAsync("POST", page, """{"action":"steal"}""");
        Assert.Equal((HttpStatusCode.BadRequest, ErrorCodes.BadParameter), (odd.Status, odd.Code));
    }

    private async Task<(string Token, long Order, string Payment, string Page)> OpenAsync()
    {
        var token = await payments.CustomerAsync();
        var order = await payments.OrderAsync(token);
        var payment = await payments.PayAsync(token, order);
        var page = new Uri(payment.Json.GetProperty("payUrl").GetString()!);
        Assert.Equal(Mall.Http.Authority, page.Authority);
        return (token, order, payment.Headers["Location"], page.AbsolutePath);
    }
}
