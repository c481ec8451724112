using Deque.AxeCore.Commons;
using PuppeteerSharp;

namespace Mall.Tests.Dashboard;

/// <summary>Debian's Chromium without a window, and what tests do with it. Each window is somebody else's browser.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private const string Program = "/usr/bin/chromium";

    /// <summary>A machine without time for it is no failure: what must be fast is measured and printed.</summary>
    private const int PatienceMs = 60_000;
    private static readonly TimeSpan s_looksEvery = TimeSpan.FromMilliseconds(50);

    private readonly IBrowser _chromium;

    private Browser(IBrowser chromium) => _chromium = chromium;

    /// <summary>Null: it is there.</summary>
    /// <exception cref="InvalidOperationException">It is missing, and <c>MALL_TEST_REQUIRE</c> names it.</exception>
    public static string? WhyMissing => Missing.Of("chromium", Program, "chromium");

    public static async Task<Browser> OpenAsync() => new(await Puppeteer.LaunchAsync(new LaunchOptions
    {
        ExecutablePath = Program, Headless = true, Timeout = PatienceMs, ProtocolTimeout = PatienceMs,
        Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"], // Root's, and perhaps in a container.
    }));

    public async Task<IPage> OpenWindowAsync()
    {
        var context = await _chromium.CreateBrowserContextAsync();
        var page = await context.NewPageAsync();
        page.DefaultTimeout = PatienceMs;
        return page;
    }

    /// <summary>
    /// Waits until an expression is true in the page, whatever document that has by then. From outside: the policy of the pages
    /// lets nobody make functions of texts in them.
    /// </summary>
    public static async Task UntilAsync(IPage page, string expression)
    {
        using var patience = new CancellationTokenSource(PatienceMs);
        while (!await IsAsync())
        {
            if (patience.IsCancellationRequested)
                Assert.Fail($"It never is that {expression}, at {page.Url}: {await page.GetContentAsync()}");
            await Task.Delay(s_looksEvery, CancellationToken.None);
        }

        async Task<bool> IsAsync()
        {
            try
            {
                return await page.EvaluateExpressionAsync<bool>($"Boolean({expression})");
            }
            catch (PuppeteerException)
            {
                return false; // The page is being left.
            }
        }
    }

    public static Task UntilThereAsync(IPage page, string selector) =>
        UntilAsync(page, $"document.querySelector(`{selector}`)");

    /// <summary>Fills in the form that stands in place of the page, by keyboard.</summary>
    public static async Task SignInAsync(IPage page, string mobile, string password)
    {
        await UntilAsync(page, "document.activeElement?.name === 'mobile'");
        await page.Keyboard.TypeAsync(mobile);
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.TypeAsync(password);
        await page.Keyboard.PressAsync("Enter");
    }

    /// <summary>Presses Tab until what the selector finds has the focus.</summary>
    public static async Task TabToAsync(IPage page, string selector)
    {
        for (var presses = 0; presses < 50; presses++)
        {
            await page.Keyboard.PressAsync("Tab");
            if (await page.EvaluateFunctionAsync<bool>("s => document.activeElement?.matches(s) ?? false", selector)) return;
        }

        Assert.Fail($"The keyboard does not reach {selector}.");
    }

    public static Task DressAsync(IPage page, bool isDark, int width) => Task.WhenAll(
        page.EmulateMediaFeaturesAsync(
            [new MediaFeatureValue { MediaFeature = MediaFeature.PrefersColorScheme, Value = isDark ? "dark" : "light" }]),
        page.SetViewportAsync(new ViewPortOptions { Width = width, Height = 800 }));

    /// <summary>What axe finds serious or critical, and whether one must scroll sideways.</summary>
    public static async Task<IReadOnlyList<string>> FindingsAsync(IPage page)
    {
        await page.EvaluateExpressionAsync("typeof stream === 'undefined' || stream.close()"); // Hold still.
        await page.EvaluateExpressionAsync(new BundledAxeScriptProvider().GetScript());
        return await page.EvaluateFunctionAsync<string[]>(
            """
            async () => {
              const found = await axe.run(document, { resultTypes: ["violations"] });
              const bad = found.violations.filter(v => v.impact === "serious" || v.impact === "critical")
                .map(v => `${v.id}: ${v.nodes.map(n => `${n.target} ${n.failureSummary}`).join("; ")}`);
              const root = document.documentElement;
              return root.scrollWidth > root.clientWidth ? [...bad, `${root.scrollWidth} px wide`] : bad;
            }
            """);
    }

    public async ValueTask DisposeAsync() => await _chromium.DisposeAsync();
}
