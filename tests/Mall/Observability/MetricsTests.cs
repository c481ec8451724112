using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using Mall.Api;
using Mall.Tests.Hosting;

namespace Mall.Tests.Observability;

/// <summary>What Prometheus reads, and what is made of it.</summary>
public sealed partial class MetricsTests
{
    private const string Promtool = "/usr/bin/promtool";

    /// <summary>They are there when it has happened, which another mall of this process may have seen to.</summary>
    private static readonly string[] s_rare = ["mall_ledger_failures", "mall_ledger_splits"];

    private static readonly string s_deploy = Path.Combine(AppContext.BaseDirectory, "deploy");

    [Fact]
    public async Task Metrics_are_to_promtool_s_liking_and_hold_whatever_rules_dashboard_and_operations_name()
    {
        await using var mall = await WholeMall.OpenAsync(
            options: new ApiOptions { TokenKey = WholeMall.TokenKey, PasswordHashIterations = 1000, ServesSandbox = true });
        var (_, token) = await mall.RegisterAsync("+49150333");
        await mall.SendAsync("POST", "v1/shops", """{"name": "Teas"}""", token);
        var product = await mall.SellAsync(token, stock: 5);
        var order = await mall.SendAsync("POST",
            "v1/orders", $$"""{"items": [{"productId": {{product}}, "quantity": 1}]}""", token);
        Assert.Equal(HttpStatusCode.Created, order.Status);
        await ShopAsync(mall, token, product);
        var asked = Directory.GetFiles(s_deploy, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) is "rules.yml" or "mall.json")
            .Append(Path.Combine(AppContext.BaseDirectory, "docs", "operations.md"))
            .SelectMany(file => Asked().Matches(File.ReadAllText(file))).Select(m => m.Value).Distinct().ToList();

        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        // A request counts when it has ended, the backlog is looked at by itself, of calls one in 64 is noted.
        string metrics;
        HashSet<string> known;
        do
        {
            for (var i = 0; i < 20; i++) await mall.SendAsync("GET", $"v1/products/{product}");
            metrics = await mall.Client.GetStringAsync("metrics", TestContext.Current.CancellationToken);
            known = Series().Matches(metrics).Select(m => m.Groups[1].Value).Append("up").ToHashSet();
            known.UnionWith(
                [.. known.Where(name => name.EndsWith("_count", StringComparison.Ordinal)).Select(name => name[..^6])]);
        }
        while (asked.Except(known).Except(s_rare).Any() && !patience.IsCancellationRequested);

        Assert.Empty(asked.Except(known).Except(s_rare));
        Assert.All(
            (string[])
            [
                """payments{outcome="opened"}""", """payments{outcome="failed"}""", """payments{outcome="succeeded"}""",
                """payments{outcome="refunded"}""", """payments_alarms{kind="amount"}""", "payments_forged",
                """carts_changes{change="put"}""", """carts_changes{change="taken"}""", """carts_changes{change="cleared"}""",
                """carts_checkouts{outcome="ordered"}""", """carts_checkouts{outcome="refused"}""",
            ],
            series => Assert.Matches($"(?m)^mall_{Regex.Escape(series)} [1-9]", metrics));
        Assert.DoesNotContain(known, name => name.LastIndexOf("mall", StringComparison.Ordinal) > 0);
        await PromtoolAsync(["check", "metrics"], metrics);
    }

    /// <summary>Everything that can become of a cart and of a payment.</summary>
    private static async Task ShopAsync(WholeMall mall, string token, long product)
    {
        var item = $"v1/cart/items/{product}";
        await mall.SendAsync("PUT", item, """{"quantity": 2}""", token);
        await mall.SendAsync("DELETE", "v1/cart", token: token);
        await mall.SendAsync("PUT", item, """{"quantity": 100}""", token);
        await mall.SendAsync("POST", "v1/cart/checkout", token: token); // There are not so many.
        await mall.SendAsync("PUT", item, """{"quantity": 1}""", token);
        var order = (await mall.SendAsync("POST", "v1/cart/checkout", token: token)).Json.GetProperty("id").GetInt64();
        var payment = (await mall.SendAsync("POST", "v1/payments", $$"""{"orderId": {{order}}}""", token)).Json;
        await mall.SendAsync("POST", "v1/payments/callback", "{}"); // Nobody has signed it.
        var page = new Uri(payment.GetProperty("payUrl").GetString()!).AbsolutePath;
        foreach (var action in (string[])["wrong-amount", "decline", "pay"])
            await mall.SendAsync("POST", page, $$"""{"action": "{{action}}"}""");
        var refunded = await mall.SendAsync("POST", $"v1/orders/{order}/refund", token: token);
        Assert.True(refunded.Status == HttpStatusCode.OK, refunded.Body);
    }

    [Theory]
    [InlineData("check", "config", "prometheus.yml")]
    [InlineData("check", "rules", "rules.yml")]
    [InlineData("test", "rules", "rules.test.yml")]
    public Task Promtool_accepts(params string[] command) => PromtoolAsync(command, "");

    private static async Task PromtoolAsync(string[] command, string input)
    {
        if (!File.Exists(Promtool))
        {
            const string Missing = "promtool is not installed: apt-get install prometheus";
            Assert.False(
                Environment.GetEnvironmentVariable("MALL_TEST_REQUIRE")?.Split(',').Contains("prometheus") == true, Missing);
            Assert.Skip(Missing);
        }

        using var promtool = Process.Start(new ProcessStartInfo(Promtool, command)
        {
            WorkingDirectory = Path.Combine(s_deploy, "prometheus"),
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        })!;
        var said = (promtool.StandardOutput.ReadToEndAsync(), promtool.StandardError.ReadToEndAsync());
        await promtool.StandardInput.WriteAsync(input);
        promtool.StandardInput.Close();
        await promtool.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(promtool.ExitCode == 0, $"{await said.Item1}{await said.Item2}");
    }

    [GeneratedRegex("^([a-z][a-z0-9_]*)[{ ]", RegexOptions.Multiline)]
    private static partial Regex Series();

    [GeneratedRegex(@"\b(mall|microsoft|process)_[a-z0-9_]+")]
    private static partial Regex Asked();
}
