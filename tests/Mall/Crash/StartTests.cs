using System.Net;
using System.Net.Sockets;
using Mall.Ledger;
using Mall.Silo;
using Mall.Silo.Settings;
using Mall.Tests.Installations;

namespace Mall.Tests.Crash;

/// <summary>A silo that cannot serve says why in one line, and ends with exit code 1.</summary>
public sealed class StartTests
{
    private static readonly TimeSpan s_refusesWithin = TimeSpan.FromSeconds(90);

    /// <summary>A command line, and what is said of it must name.</summary>
    public static TheoryData<string, string> BadSettings => new()
    {
        { "--http 127.0.0.1:70000", "http" },
        { "--grpc nonsense", "grpc" },
        { "--http 127.0.0.1:8093 --grpc 127.0.0.1:8093", "grpc" },
        { "--db oracle://somewhere", "db" },
        { "--db sqlite:", "db" },
        { "--order-close-after soon", "order-close-after" },
        { "--order-close-after -00:01:00", "order-close-after" },
        { "--order-close-after 5", "order-close-after" },
        { "--order-close-after 00:20", "order-close-after" },
        { "--order-close-after 20m", "order-close-after" },
        { "--http 1:8080", "http" },
        { "--http ::1:8080", "http" },
        { "--grpc 010.0.0.1:8080", "grpc" },
        { "--cors *", "cors" },
        { "--cors https://shop.example/", "cors" },
        { "--cors shop.example", "cors" },
        { "--db postgres://u@127.0.0.1:1/d?sslmoed=require", "sslmoed" },
        { "--http 127.0.0.1:0 --grpc 192.0.2.1:8081", "grpc: 192.0.2.1:8081 cannot be listened at" },
        { "--http 127.0.0.1:1 --http 127.0.0.1:2", "--http: is given twice" },
        { $"--cluster {new string('x', 151)}", "cluster" },
        { "--silo 1:9000 --db postgres://u@127.0.0.1:1/d", "silo" },
        { "--token-key short", "token-key" },
        { "--trusted-proxies 10.0.0.1", "trusted-proxies" },
        { "--trusted-proxies 10.0.0.1/8", "trusted-proxies" },
        { "--trusted-proxies 10.0.0.0/8,proxy", "trusted-proxies" },
        { "--country Germany", "country" },
        { "--country XX", "country" },
        { "--roles cook", "roles" },
        { "--dtm 0.0.0.0:36789", "dtm-allow" },
        { "--dtm 0.0.0.0:36789 --dtm-allow 10.0.0.0/8", "dtm-clients" },
        { "--dtm-grpc nonsense", "dtm-grpc" },
        { "--dtm 127.0.0.1:1 --dtm-allow 10.0.0.1/8", "dtm-allow" },
        { "--dtm-clients 10.0.0.0/8", "dtm-clients" },
        { "--dtm-alert-after 3", "dtm-alert-after" },
        { "--dtm-retry 10", "dtm-retry" },
        { "--dtm-targets etcd=1", "dtm-targets" },
        { "--dtm-targets etcd://h1:1,h2:2/busi", "dtm-targets" },
        { "--dtm-targets etcd://h1:1/busi=10.0.0.5:80,nonsense", "dtm-targets" },
        { "--dtm-targets etcd://h1:1/busi=10.0.0.5:80,other=10.0.0.6:80", "dtm-targets" },
        { "--silo 127.0.0.1:9000", "silo" },
        { "--http", "--http" },
    };

    [Theory]
    [InlineData("--http nonsense", "http")]
    [InlineData("--db sqlite:/proc", "/proc is a folder")]
    [InlineData("--http 192.0.2.1:8080", "http: 192.0.2.1:8080 cannot be listened at")] // Of nobody's machine (RFC 5737).
    [InlineData("--cluster --http 127.0.0.1:1", "--cluster")]
    [InlineData("--dtm 127.0.0.1:8080", "dtm: 127.0.0.1:8080 is the address of another door")]
    [InlineData("--colour blue", "--colour")]
    public async Task Start_WithABadSetting_NamesIt(string arguments, string setting)
    {
        await using var mall = new Installation();

        var line = await RefusalAsync(mall.Start(arguments.Split(' ')));

        Assert.Contains(setting, line, StringComparison.Ordinal);
    }

    /// <summary>The same without a process: what is thrown here is the line that is told there.</summary>
    [Theory]
    [MemberData(nameof(BadSettings))]
    public void Build_WithABadSetting_NamesIt(string arguments, string setting) =>
        Assert.Contains(setting, Refusal(arguments.Split(' ')), StringComparison.Ordinal);

    [Fact]
    public async Task Start_WithABadSettingInTheEnvironment_NamesIt()
    {
        await using var mall = new Installation();

        var line = await RefusalAsync(mall.Start([], new Dictionary<string, string> { ["MALL_ORDER_CLOSE_AFTER"] = "soon" }));

        Assert.Contains("order-close-after", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WithSettingsThatAreNoJson_SaysSo()
    {
        await using var mall = new Installation();
        await File.WriteAllTextAsync(
            Path.Combine(mall.Folder, "appsettings.json"), "{ db: nonsense }", TestContext.Current.CancellationToken);

        Assert.Contains("appsettings.json", await RefusalAsync(mall.Start()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http", "127.0.0.1")]
    [InlineData("http", "*")]
    [InlineData("grpc", "localhost")]
    [InlineData("dtm", "127.0.0.1")]
    [InlineData("dtm-grpc", "127.0.0.1")]
    public async Task Start_OnAnAddressInUse_NamesTheSetting(string setting, string host)
    {
        await using var mall = new Installation();
        using var squatter = new TcpListener(IPAddress.Loopback, 0);
        squatter.Start();
        var address = $"{host}:{((IPEndPoint)squatter.LocalEndpoint).Port}";
        string[] others = [.. new[] { "http", "grpc" }.Where(door => door != setting).SelectMany(
            door => (string[])[$"--{door}", "127.0.0.1:0"])];

        var line = await RefusalAsync(mall.Start(["--db", $"sqlite:{mall.File}", .. others, $"--{setting}", address]));

        Assert.StartsWith($"mall: {setting}: {address} cannot be listened at: ", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_OnADatabaseThatAnotherSiloHas_NamesTheFileAndLeavesTheOtherAlone()
    {
        var stop = TestContext.Current.CancellationToken;
        await using var mall = new Installation();
        var first = await mall.OpenAsync(stop);
        await using var another = new Installation();

        var line = await RefusalAsync(another.Start([.. another.Settings.SkipLast(1), $"sqlite:{mall.File}"]));

        Assert.Contains(mall.File, line, StringComparison.Ordinal);
        await mall.UntilServingAsync(first, stop);
    }

    [Theory]
    [InlineData("insert into schema_version select 9999, 'from the future', checksum, applied_time from schema_version limit 1")]
    [InlineData("update schema_version set checksum = 'another' where number = 1")]
    public async Task Start_OnADatabaseOfAnotherVersion_RefusesIt(string tampering)
    {
        await using var mall = new Installation();
        var silo = await mall.OpenAsync(TestContext.Current.CancellationToken);
        silo.Terminate();
        Assert.Equal(0, await silo.ExitCodeAsync(s_refusesWithin));
        await mall.RunSqlAsync(tampering);

        var line = await RefusalAsync(mall.Start());

        Assert.Contains("db", line, StringComparison.Ordinal);
    }

    /// <summary>What a mall says of its settings when it is put together.</summary>
    internal static string Refusal(string[] arguments)
    {
        var refusal = Assert.ThrowsAny<Exception>(() => MallHost.Build(arguments));
        Assert.True(refusal is SettingsException or LedgerStartException, $"{refusal}");
        Assert.DoesNotContain('\n', refusal.Message);
        return $"mall: {refusal.Message}";
    }

    /// <returns>The one line.</returns>
    private static async Task<string> RefusalAsync(SiloProcess silo)
    {
        var exitCode = await silo.ExitCodeAsync(s_refusesWithin);

        Assert.True(exitCode == 1, $"Exit code {exitCode}.{Environment.NewLine}{silo.Tail()}");
        Assert.DoesNotContain(silo.OutputLines, line => line.Contains("\"Critical\"") || line.Contains("\"Error\""));
        return Assert.Single(silo.ErrorLines);
    }
}
