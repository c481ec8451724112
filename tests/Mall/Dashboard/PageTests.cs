using System.Diagnostics;
using System.Net;
using PuppeteerSharp;

namespace Mall.Tests.Dashboard;

/// <summary>
/// The operator's pages in a real browser, before a cluster that works. <c>MALL_TEST_PICTURES</c> names a folder for pictures of
/// them.
/// </summary>
[Collection(nameof(WatchedSite))]
public sealed class PageTests(WatchedSite site, ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly string? s_pictures = Environment.GetEnvironmentVariable("MALL_TEST_PICTURES");

    private Browser? _browser;
    private WatchedCluster? _watched;

    private WatchedCluster Watched => _watched!;

    private string Home => new Uri(Watched.Cluster.Address, "dashboard").AbsoluteUri;

    public async ValueTask InitializeAsync()
    {
        if (Browser.WhyMissing is { } reason) Assert.Skip(reason);
        _watched = await site.OpenAsync();
        _browser = await Browser.OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
    }

    [Fact]
    [Turn(2)]
    public async Task Operator_signs_in_and_sees_a_silo_that_is_killed_turn_red()
    {
        const int silo = 0;
        var page = await _browser!.OpenWindowAsync();
        await page.GoToAsync(Home);
        await Browser.SignInAsync(page, WatchedCluster.CustomersMobile, WatchedCluster.CustomersPassword);
        await Browser.UntilThereAsync(page, "#trouble"); // A customer's password is right, and opens nothing.
        await page.EvaluateExpressionAsync("document.forms[0].mobile.focus(); document.forms[0].mobile.select()");
        await Browser.SignInAsync(page, WatchedCluster.Mobile, WatchedCluster.Password);
        await UntilActiveAsync(page, 3);
        await Browser.UntilAsync(
            page, "[...document.querySelectorAll('[data-status=active]')].every(s => s.textContent.includes('a second'))");

        await Watched.KillSiloAsync(silo);
        var since = Stopwatch.StartNew();
        var badge = $"[data-silo='{Watched.Cluster.Endpoints[silo]}'][data-status=dead] .badge";
        await Browser.UntilThereAsync(page, badge);
        output.WriteLine(FormattableString.Invariant($"red after {since.Elapsed.TotalSeconds:0.0} s"));
        Assert.Equal(
            "rgb(179, 38, 30)",
            await page.EvaluateExpressionAsync<string>($"getComputedStyle(document.querySelector(`{badge}`)).color"));

        await Watched.Cluster.StartAgainAsync(silo, Watched.Stop);
        await UntilActiveAsync(page, 3);
        await Browser.TabToAsync(page, "form[action='/dashboard/sign-out'] button");
        await page.Keyboard.PressAsync("Enter");
        await Browser.UntilThereAsync(page, "input[type=password]");
    }

    [Fact]
    [Turn(1)]
    public async Task Saga_that_is_stuck_is_found_and_ends_when_retried_by_keyboard_alone()
    {
        var page = await SignedInAsync("/sagas?parked=true");
        var link = $"a[id='{Watched.StuckRefund(0)}']";
        await Browser.UntilThereAsync(page, link); // It stumbles ten times first; the page comes to know of it by itself.
        Watched.MendRefund(0);
        await Browser.TabToAsync(page, link);
        await page.Keyboard.PressAsync("Enter");
        await Browser.UntilThereAsync(page, "#status.bad");
        await Browser.TabToAsync(page, "button[value=retry]");
        await page.Keyboard.PressAsync("Enter");
        await Browser.UntilThereAsync(page, "#status.good");
        Assert.Equal("succeed", await page.EvaluateExpressionAsync<string>("document.querySelector('#status').textContent"));
        await Browser.UntilAsync( // The page has been fetched again, and says still what came of the button.
            page, "!isBusy && performance.getEntriesByType('resource').some(entry => entry.initiatorType === 'fetch')");
        Assert.Equal(
            "It was tried again.", await page.EvaluateExpressionAsync<string>("document.querySelector('.note')?.textContent"));
        Assert.Null(await page.QuerySelectorAsync("button[value=retry]"));
        var times = await page.EvaluateExpressionAsync<string[]>(
            "[...document.querySelectorAll('ol.line > li > time')].map(time => time.textContent)");
        Assert.Equal(3, times.Length); // Stock, books and end: the barrier does not tell of the provider's branch.
        Assert.All(times, time => Assert.StartsWith("+", time, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Button_that_is_reached_while_the_page_is_fetched_again_keeps_the_focus()
    {
        const string button = "button[value=retry]";
        var page = await SignedInAsync($"/sagas/{Watched.StuckRefund(1)}");
        await page.EvaluateExpressionAsync(
            "{ const own = fetch; fetch = (...all) => new Promise(go => release = () => go((fetch = own)(...all))); }");
        await Browser.UntilAsync(page, "window.release");
        await Browser.TabToAsync(page, button);

        await page.EvaluateExpressionAsync("release()");

        await Browser.UntilAsync(page, "!isBusy");
        Assert.True(await page.EvaluateExpressionAsync<bool>($"document.activeElement.matches('{button}')"));
    }

    [Fact]
    public async Task Page_that_is_cut_off_says_so()
    {
        var page = await SignedInAsync("/work");
        var (address, door) = await Watched.OpenDoorAsync();
        await page.GoToAsync(new Uri(address, "dashboard/work").AbsoluteUri); // Another front door, the same session.
        await Browser.UntilAsync(page, "document.querySelector('h1')?.textContent === 'Work'");
        await Browser.UntilAsync(page, "stream.readyState === EventSource.OPEN");
        await Browser.UntilAsync(page, "getComputedStyle(document.querySelector('#cut')).display === 'none'");

        await door.KillAsync();
        await Browser.UntilAsync(page, "getComputedStyle(document.querySelector('#cut')).display === 'block'");
    }

    [Fact]
    public async Task Page_that_is_refused_for_a_while_says_so_and_goes_on_by_itself()
    {
        var page = await SignedInAsync("/work");
        await Browser.UntilAsync(page, "stream.readyState === EventSource.OPEN");
        var isRefused = true;
        await page.SetRequestInterceptionAsync(true);
        page.Request += async (_, asked) => await (isRefused
            ? asked.Request.RespondAsync(new ResponseData
            {
                Status = HttpStatusCode.TooManyRequests, ContentType = "application/problem+json", Body = "{}",
            })
            : asked.Request.ContinueAsync());

        await page.EvaluateExpressionAsync("look()");
        await Browser.UntilAsync(page, "getComputedStyle(document.querySelector('#cut')).display === 'block'");
        await page.EvaluateExpressionAsync("{ stream.close(); watch() }"); // As after a lost connection.
        await Browser.UntilAsync(page, "stream.readyState === EventSource.CLOSED");
        Assert.Equal("Work", await page.EvaluateExpressionAsync<string>("document.querySelector('main h1')?.textContent"));

        isRefused = false;
        await Browser.UntilAsync(page, "stream.readyState === EventSource.OPEN");
        await Browser.UntilAsync(page, "getComputedStyle(document.querySelector('#cut')).display === 'none'");
    }

    [Fact]
    public async Task Pages_are_for_everybody_in_light_and_dark_on_a_desk_and_on_a_telephone()
    {
        var findings = new List<string>();
        var stranger = await _browser!.OpenWindowAsync();
        await stranger.GoToAsync(Home);
        await LookAsync(stranger, "sign-in", findings);
        var page = await SignedInAsync("");
        foreach (var (name, path) in (IEnumerable<(string, string)>)[
            ("cluster", ""), ("sagas", "/sagas"), ("saga", $"/sagas/{Watched.StuckRefund(1)}"), ("work", "/work"),
            ("stock", $"/stock?id={Watched.Trade.Products[0]}"), ("trouble", "/sagas/none")])
        {
            await page.GoToAsync(Home + path);
            await LookAsync(page, name, findings);
        }

        Assert.Empty(findings);
    }

    private static async Task LookAsync(IPage page, string name, List<string> findings)
    {
        foreach (var (isDark, width) in (IEnumerable<(bool, int)>)[(false, 1280), (true, 1280), (false, 360), (true, 360)])
        {
            await Browser.DressAsync(page, isDark, width);
            var look = $"{name}-{(isDark ? "dark" : "light")}{(width < 1280 ? "-narrow" : "")}";
            findings.AddRange((await Browser.FindingsAsync(page)).Select(finding => $"{look}: {finding}"));
            if (s_pictures is not null) await page.ScreenshotAsync(Path.Combine(s_pictures, $"{look}.png"));
        }
    }

    private async Task<IPage> SignedInAsync(string path)
    {
        var page = await _browser!.OpenWindowAsync();
        await page.GoToAsync(Home + path);
        await Browser.SignInAsync(page, WatchedCluster.Mobile, WatchedCluster.Password);
        await Browser.UntilThereAsync(page, "nav");
        return page;
    }

    private static Task UntilActiveAsync(IPage page, int silos) => Browser.UntilAsync(
        page, $"document.querySelectorAll('[data-status=active]').length === {silos}");
}
