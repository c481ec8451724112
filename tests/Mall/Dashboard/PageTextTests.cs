using System.Text.RegularExpressions;
using Mall.Api.Cluster;
using Mall.Api.Dashboard;
using Mall.Sagas;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mall.Tests.Dashboard;

/// <summary>What the operator's pages say of what they are given, without a browser.</summary>
public sealed partial class PageTextTests
{
    [GeneratedRegex(@"<b>(\d\d)</b> (\w+)")]
    private static partial Regex Step { get; }

    [Theory]
    [InlineData("saga", "succeed", "01 action")]
    [InlineData("saga", "submitted", "01 action")]
    [InlineData("saga", "aborting", "01 action, 01 compensate")]
    [InlineData("saga", "failed", "01 action, 01 compensate")]
    [InlineData("tcc", "succeed", "01 confirm")]
    [InlineData("tcc", "aborting", "01 confirm, 01 cancel")]
    public async Task What_is_undone_is_shown_where_a_saga_goes_back_and_after_what_is_done(
        string kind, string status, string steps)
    {
        var (back, forth) = kind == "tcc" ? ("cancel", "confirm") : ("compensate", "action");
        var page = await SagaAsync(kind, status, new("01", back, "prepared", "a"), new("01", forth, "prepared", "b"));
        Assert.Equal(steps, string.Join(", ", Step.Matches(page).Select(step => $"{step.Groups[1]} {step.Groups[2]}")));
    }

    [Fact]
    public async Task What_has_been_undone_is_shown_whatever_became_of_the_saga() => Assert.Contains(
        "<b>01</b> compensate", await SagaAsync("saga", "submitted", new SagaBranchView("01", "compensate", "succeed", "a")),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("order", "submitted", true)]
    [InlineData("order", "aborting", false)]
    [InlineData("refund", "submitted", false)]
    [InlineData("closing", "submitted", false)]
    [InlineData("saga", "submitted", true)]
    [InlineData("tcc", "prepared", true)]
    [InlineData("xa", "submitted", false)]
    [InlineData("msg", "prepared", true)]
    [InlineData("msg", "submitted", false)]
    [InlineData("workflow", "prepared", false)]
    public async Task Abort_is_offered_where_it_may_be_granted_and_asks_once_more(string kind, string status, bool isOffered)
    {
        var page = await SagaAsync(kind, status);
        Assert.Contains("value=\"retry\"", page, StringComparison.Ordinal);
        Assert.Equal(isOffered, page.Contains("value=\"abort\"", StringComparison.Ordinal));
        Assert.Equal(isOffered, Regex.IsMatch(page, "(?s)<details>.*value=\"abort\".*</details>"));
    }

    [Fact]
    public async Task Hot_products_lead_to_their_stock_and_types_have_their_short_names()
    {
        var silo = new SiloState(
            "10.0.0.1:7000", 1, "active", DateTime.UnixEpoch, [new("Mall.Products.ProductGrain,Mall.Grains", 3)],
            new SiloFigures(64, 1, 1, 1, 1));
        var page = await ClusterAsync(new ClusterStatus([silo], [new("product/26", 12.8), new("user/9", 6.4)]));
        Assert.Contains("<a href=\"/dashboard/stock?id=26\">product/26</a>", page, StringComparison.Ordinal);
        Assert.Contains("<td>user/9</td>", page, StringComparison.Ordinal);
        Assert.Contains("<td>ProductGrain</td>", page, StringComparison.Ordinal);
        Assert.Contains("about 64 a second", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cluster_that_is_idle_says_that_no_grain_is_hot()
    {
        var page = await ClusterAsync(new ClusterStatus([], []));
        Assert.Contains("No grain has been called often", page, StringComparison.Ordinal);
    }

    private static Task<string> SagaAsync(string kind, string status, params SagaBranchView[] branches) => RenderAsync<SagaPage>(
        ("Saga", new SagaView("g", kind, status, null, 0, DateTimeOffset.UnixEpoch, [.. branches], [])));

    private static Task<string> ClusterAsync(ClusterStatus status) => RenderAsync<ClusterPage>(
        ("Status", status), ("Requests", new RequestStep[2].Select(_ => new RequestStep(0, 0, 0, 0)).ToArray()));

    private static async Task<string> RenderAsync<T>(params (string Name, object? Value)[] given) where T : IComponent
    {
        await using var services = new ServiceCollection().BuildServiceProvider();
        await using var renderer = new HtmlRenderer(services, NullLoggerFactory.Instance);
        var parameters = ParameterView.FromDictionary(given.ToDictionary(of => of.Name, of => of.Value));
        return await renderer.Dispatcher.InvokeAsync(
            async () => (await renderer.RenderComponentAsync<T>(parameters)).ToHtmlString());
    }
}
