using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Mall.TestServers;

namespace Mall.Tests.Dashboard;

/// <summary>
/// A real Prometheus under the configuration and rules of <c>deploy/prometheus</c>, changed in two things: whom it scrapes, and
/// how long everything takes. It looks each second; what waits or counts over time does so for a tenth.
/// </summary>
internal sealed partial class Prometheus : IAsyncDisposable
{
    private const string Program = "/usr/bin/prometheus";
    private const int Quicker = 10;
    private const int ShortestWaitSeconds = 3; // One scrape that a busy machine has not got round to is no alarm.

    private readonly Process _process;
    private readonly HttpClient _client;

    private Prometheus(Process process, string address) =>
        (_process, _client) = (process, new HttpClient { BaseAddress = new Uri($"http://{address}/") });

    /// <summary>Null: it is there.</summary>
    /// <exception cref="InvalidOperationException">It is missing, and <c>MALL_TEST_REQUIRE</c> names it.</exception>
    public static string? WhyMissing => Missing.Of("prometheus", Program, "prometheus");

    public static Prometheus Start(string folder, IReadOnlyList<string> silos, IReadOnlyList<string> doors)
    {
        var deploy = Path.Combine(AppContext.BaseDirectory, "deploy", "prometheus");
        var rules = Wait().Replace(File.ReadAllText(Path.Combine(deploy, "rules.yml")), match => match.Groups["range"].Success
            ? $"[{Seconds(match)}s]" : $"for: {Math.Max(ShortestWaitSeconds, Seconds(match))}s");
        File.WriteAllText(Path.Combine(folder, "rules.yml"), rules);
        var targets = new Queue<IReadOnlyList<string>>([silos, doors]);
        var configuration = Targets().Replace(
            Interval().Replace(File.ReadAllText(Path.Combine(deploy, "prometheus.yml")), "_interval: 1s"),
            _ => $"targets: [{string.Join(", ", targets.Dequeue())}]");
        Assert.Empty(targets);
        var file = Path.Combine(folder, "prometheus.yml");
        File.WriteAllText(file, configuration);
        var address = FreePorts.TakeEndpoint();
        return new Prometheus(
            Child.Start(
                [
                    Program, $"--config.file={file}", $"--storage.tsdb.path={folder}/tsdb", $"--web.listen-address={address}",
                    "--log.level=error",
                ]),
            address);
    }

    /// <summary>What fires now: <c>MallProcessDown 127.0.0.1:8080</c>, or the name alone where it is of no instance.</summary>
    public Task<HashSet<string>> FiringAsync(CancellationToken stop) =>
        AlertsAsync("""ALERTS{alertstate="firing"}""", stop);

    /// <summary>What has fired since it was started.</summary>
    public Task<HashSet<string>> EverFiredAsync(CancellationToken stop) =>
        AlertsAsync("""count_over_time(ALERTS{alertstate="firing"}[1h])""", stop);

    /// <summary>Waits until these fire.</summary>
    public async Task UntilFiringAsync(IReadOnlyCollection<string> alerts, CancellationToken stop)
    {
        while (!(await FiringAsync(stop)).IsSupersetOf(alerts)) await Task.Delay(200, stop);
    }

    /// <summary>Waits until nothing else fires.</summary>
    public async Task UntilNothingFiresButAsync(IReadOnlyCollection<string> alerts, CancellationToken stop)
    {
        while (!(await FiringAsync(stop)).IsSubsetOf(alerts)) await Task.Delay(200, stop);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _client.Dispose();
    }

    private async Task<HashSet<string>> AlertsAsync(string query, CancellationToken stop)
    {
        try
        {
            var answer = await _client.GetFromJsonAsync<JsonElement>($"api/v1/query?query={Uri.EscapeDataString(query)}", stop);
            return
            [
                .. from series in answer.GetProperty("data").GetProperty("result").EnumerateArray()
                   let labels = series.GetProperty("metric")
                   let name = labels.GetProperty("alertname").GetString()!
                   select labels.TryGetProperty("instance", out var instance) ? $"{name} {instance.GetString()}" : name,
            ];
        }
        catch (HttpRequestException) when (!_process.HasExited)
        {
            return []; // It is starting.
        }
    }

    private static int Seconds(Match wait) => int.Parse(wait.Groups["number"].Value, CultureInfo.InvariantCulture)
        * (wait.Groups["unit"].Value == "m" ? 60 : 1) / Quicker;

    [GeneratedRegex(@"(?<range>\[)(?<number>\d+)(?<unit>[sm])\]|for: (?<number>\d+)(?<unit>[sm])\b")]
    private static partial Regex Wait();

    [GeneratedRegex(@"_interval: \d+s")]
    private static partial Regex Interval();

    [GeneratedRegex(@"targets: \[.*\]")]
    private static partial Regex Targets();
}
