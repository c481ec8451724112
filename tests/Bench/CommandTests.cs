using System.Diagnostics;
using Mall.Bench.Hosting;
using Mall.Bench.Measuring;
using Mall.Bench.Orders;
using Mall.Bench.Reporting;
using Mall.TestServers;

namespace Mall.Bench.Tests;

/// <summary>The tool as it is called, for a moment each: what is on standard output is the report and nothing else.</summary>
public sealed class CommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mall-bench-test-");

    [Fact]
    public async Task HotStock_ForAMoment_ReportsTheRatioAndThatBothAreDurable()
    {
        var report = await RunAsync("hot-stock", "--callers", "64", "--rounds", "1", "--folder", _folder.FullName);

        Assert.Equal(["baseline", "grain", "grain to baseline"], report.Measurements.Select(m => m.Name));
        Assert.Equal(2, report.Durability.Split("synchronous=FULL").Length - 1);
        Assert.Empty(_folder.EnumerateFileSystemInfos());
    }

    [Fact]
    public async Task Orders_InTwoProcesses_ReportsMediansOfBoth()
    {
        var report = await RunAsync("orders", "--items", "2", "--products", "5", "--runs", "2", "--folder", _folder.FullName);

        Assert.Equal(2, report.Runs!.Count);
        Assert.True(report.Measurements.Single().Metrics[Metric.Operations] > 0);
    }

    [Theory]
    [InlineData(DatabaseKind.Postgres, "fsync=on, synchronous_commit=on")]
    [InlineData(DatabaseKind.MariaDb, "innodb_flush_log_at_trx_commit=1")]
    public async Task Orders_OnAServer_ReportsTheRatioAndWhatTheProcessesSpent(DatabaseKind kind, string durability)
    {
        Assert.SkipWhen(DatabaseServer.WhyMissing(kind) is not null, $"{kind} is not installed");

        var report = await RunAsync(
            "orders", "--db", $"{kind}".ToLowerInvariant(), "--silos", "1,2", "--callers", "8", "--items", "2",
            "--products", "5");

        Assert.Equal(
            [
                "1 silo", "2 silos", "baseline", "baseline, batched",
                "1 silo to baseline", "1 silo to baseline, batched", "2 silos to baseline", "2 silos to baseline, batched",
                "processor time an order, 2 silos to 1 silo",
            ],
            report.Measurements.Select(m => m.Name));
        Assert.All(report.Measurements.Take(4), m =>
        {
            Assert.Empty(m.Errors);
            Assert.True(m.Metrics[Metric.Operations] > 0);
        });
        Assert.All(report.Measurements.Take(2), m => Assert.True(m.Metrics[TurnFigures.CpuOfMall] > 0));
        Assert.Contains(durability, report.Durability, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--url")]
    [InlineData("--grpc", "--connections", "2", "--calls", "4")]
    [InlineData("--url", "--rate", "200")]
    public async Task Load_OnAMall_PlacesOrders(string protocol, params string[] options)
    {
        await using var mall = await LocalMall.OpenAsync(
            Path.Combine(_folder.FullName, "mall.db"), TestContext.Current.CancellationToken);
        var address = protocol == "--url" ? mall.Rest : mall.Grpc;

        var report = await RunAsync(["load", protocol, address, "--users", "1", "--products", "3", .. options]);

        var orders = report.Measurements.Single();
        Assert.True(orders.Metrics[Metric.Operations] > 0);
        Assert.Empty(orders.Errors);
    }

    [Fact]
    public async Task Load_OnNobody_SaysSoInOneLineAndFails()
    {
        var (exitCode, output, errors) = await StartAsync("load", "--url", "http://127.0.0.1:1");

        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains("does not answer", errors, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static async Task<Report> RunAsync(params string[] arguments)
    {
        var (exitCode, output, errors) = await StartAsync([.. arguments, "--duration", "300ms", "--warmup", "100ms", "--json"]);

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
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }
}
