using System.Diagnostics;
using Mall.Bench.Hosting;
using Mall.Bench.Measuring;
using Mall.Bench.Reporting;
using Mall.TestServers;

namespace Mall.Bench.Tests;

/// <summary>The tool as it is called, for a moment each: what is on standard output is the report and nothing else.</summary>
public sealed class CommandTests : IDisposable
{
    private static readonly string s_silo = Path.Combine(AppContext.BaseDirectory, "Mall.Silo.dll");
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(5);

    private readonly DirectoryInfo _folder = TestFolder.Create("mall-bench-test-");

    [Fact]
    public async Task HotStock_ForAMoment_ReportsTheRatioAndThatBothAreDurable()
    {
        var report = await RunInTurnsAsync("hot-stock", "--callers", "64", "--folder", _folder.FullName);

        Assert.Equal(["baseline", "grain", "grain : baseline"], report.Measurements.Select(m => m.Name));
        Assert.Equal(2, report.Durability.Split("synchronous=2").Length - 1);
        Assert.Empty(_folder.EnumerateFileSystemInfos());
    }

    [Theory]
    [InlineData(DatabaseKind.Postgres, "fsync=on, synchronous_commit=on", "1 silo", "2 silos")]
    [InlineData(DatabaseKind.MariaDb, "innodb_flush_log_at_trx_commit=1", "one process")]
    public async Task Orders_OnAServer_ReportsTheRatioAndWhatTheProcessesSpent(
        DatabaseKind kind, string durability, params string[] installations)
    {
        Assert.SkipWhen(DatabaseServer.WhyMissing(kind) is not null, $"{kind} is not installed");

        var report = await RunInTurnsAsync(
            [
                "orders", "--db", $"{kind}", "--callers", "8", "--items", "2", "--products", "5",
                "--silos", .. installations.Select(name => char.IsDigit(name[0]) ? name[..1] : "0"),
            ]);

        Assert.Equal(
            [
                .. installations, "baseline", "baseline, batched",
                .. installations.SelectMany(name => (string[])[$"{name} : baseline", $"{name} : baseline, batched"]),
                .. installations.Skip(1).Select(name => $"{name} : {installations[0]}"),
            ],
            report.Measurements.Select(m => m.Name));
        Assert.All(report.Measurements.Take(installations.Length + 2), m =>
        {
            Assert.Empty(m.Errors);
            Assert.True(m.Metrics[Metric.Operations] > 0 && m.Metrics[Metric.CpuOfDatabase] > 0);
        });
        Assert.All(
            report.Measurements.Where(m => m.Name is "1 silo" or "2 silos"), m => Assert.True(m.Metrics[Metric.CpuOfSilos] > 0));
        Assert.Contains(durability, report.Durability, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(DatabaseKind.Postgres)]
    public async Task Transactions_ForAMoment_CallBranchesAndReportTheRatioToTheBaseline(DatabaseKind? kind)
    {
        Assert.SkipWhen(kind is { } server && DatabaseServer.WhyMissing(server) is not null, $"{kind} is not installed");

        var report = await RunInTurnsAsync(
            ["transactions", "--callers", "8", "--folder", _folder.FullName, .. kind is null ? [] : new[] { "--db", $"{kind}" }]);

        Assert.Equal(
            kind is null
                ? ["mall"]
                : ["mall", "baseline", "baseline, batched", "mall : baseline", "mall : baseline, batched"],
            report.Measurements.Select(m => m.Name));
        Assert.All(report.Measurements.Where(m => m.Metrics.ContainsKey(Metric.PerSecond)), m =>
        {
            Assert.Empty(m.Errors);
            Assert.True(m.Metrics[Metric.Operations] > 0);
        });
        Assert.True(report.Measurements[0].Metrics[Metric.CpuOfMall] > 0);
    }

    [Fact]
    public async Task Rush_ForAMoment_RefusesAndLetsOthersOrder()
    {
        Assert.SkipWhen(DatabaseServer.WhyMissing(DatabaseKind.Postgres) is not null, "PostgreSQL is not installed");

        var report = await RunAsync(
            "rush", "--callers", "64", "--products", "3", "--rate", "50", "--rounds", "1", "--warmup", "1", "--duration", "1");

        var metrics = Assert.Single(report.Measurements).Metrics;
        Assert.All(["refusalsPerSecond", "quietP99Us", "rushP99Us"], name => Assert.True(metrics[name] > 0, name));
    }

    [Fact]
    public async Task Load_OfTwoBuilds_PlacesOrdersOnBothAndComparesThem()
    {
        var report = await RunInTurnsAsync(
            [
                "load", "--versus", s_silo, "--callers", "8", "--products", "3", "--folder", _folder.FullName,
                "--protocol", "gRPC", "--calls", "4",
            ]);

        Assert.Equal(3, report.Measurements.Count);
        Assert.All(report.Measurements.Where(m => m.Metrics.ContainsKey(Metric.PerSecond)), m =>
        {
            Assert.Empty(m.Errors);
            Assert.True(m.Metrics[Metric.Operations] > 0 && m.Metrics[Metric.CpuOfMall] > 0);
        });
        Assert.Contains("perSecondRatio", report.Measurements[^1].Metrics.Keys);
    }

    [Fact]
    public async Task Load_OnAnInstallation_PlacesOrdersOverBothProtocols()
    {
        await using var mall = await Installation.StartAsync(
            new MallBuild("", s_silo), Path.Combine(_folder.FullName, "mall.db"), fileSystem: "any");

        var report = await RunInTurnsAsync(
            "load", "--url", $"{mall.Rest}", "--grpc", $"{mall.Grpc}", "--callers", "8", "--products", "3", "--rate", "200");

        Assert.Equal(["orders, HTTP", "orders, gRPC"], report.Measurements.Select(m => m.Name));
        Assert.All(report.Measurements, m => Assert.True(m.Metrics[Metric.Operations] > 0 && m.Errors.Count == 0));
    }

    [Fact]
    public async Task Footprint_OfAFewOrders_ReportsStartUpAndMemory()
    {
        var report = await RunAsync(
            "footprint", "--orders", "50", "--rest", "0.1", "--rounds", "1", "--products", "3", "--folder", _folder.FullName);

        var figures = report.Measurements.Single().Metrics;
        Assert.Equal(3, figures.Count);
        Assert.All(figures.Values, value => Assert.True(value > 1));
    }

    [Fact]
    public async Task Load_OnNobody_SaysSoInOneLineAndFails()
    {
        var (exitCode, output, errors) = await StartAsync("load", "--url", "http://127.0.0.1:1");

        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains("does not answer", errors, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static Task<Report> RunInTurnsAsync(params string[] arguments) =>
        RunAsync([.. arguments, "--duration", "0.3", "--warmup", "0.1", "--rounds", "1"]);

    private static async Task<Report> RunAsync(params string[] arguments)
    {
        var (exitCode, output, errors) = await StartAsync([.. arguments, "--json"]);

        Assert.True(exitCode == 0, errors);
        return Report.FromJson(output);
    }

    private static async Task<(int ExitCode, string Output, string Errors)> StartAsync(params string[] arguments)
    {
        var info = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        info.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Mall.Bench.dll"));
        foreach (var argument in arguments)
            info.ArgumentList.Add(argument);
        using var process = Process.Start(info)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(s_patience);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{string.Join(' ', arguments)} did not end within {s_patience}: {await errors}");
        }

        return (process.ExitCode, await output, await errors);
    }
}
