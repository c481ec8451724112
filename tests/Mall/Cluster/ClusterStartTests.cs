using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Mall.Tests.Crash;
using Mall.Tests.Installations;
using Mall.TestServers;

namespace Mall.Tests.Cluster;

/// <summary>A process that cannot become one of several says why in one line, and ends with exit code 1.</summary>
public sealed class ClusterStartTests : IAsyncLifetime
{
    private const string Nowhere = "postgres://mall:mall@127.0.0.1:1/mall";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(120);

    private readonly string _folder = TestFolder.Create("mall-cluster-start-").FullName;
    private readonly List<SiloProcess> _started = [];

    public static TheoryData<string, string> BadSettings => new()
    {
        { "--silo 127.0.0.1:7301 --db sqlite:mall.db", "silo" },
        { $"--silo nonsense --db {Nowhere}", "silo" },
        { $"--silo 127.0.0.1:0 --db {Nowhere}", "silo" },
        { $"--silo 10.1.2.3:7301 --db {Nowhere}", "cluster-certificate" },
        { "--gateway 127.0.0.1:7302", "gateway" },
        { $"--silo 127.0.0.1:7301 --cluster-plaintext maybe --db {Nowhere}", "cluster-plaintext" },
        { $"--roles silo --db {Nowhere}", "silo" },
        { $"--roles api --silo 127.0.0.1:7301 --db {Nowhere}", "silo" },
        { "--roles silo,cook", "roles" },
        { $"--silo 127.0.0.1:7301 --cluster-certificate nowhere.pem --db {Nowhere}", "cluster-certificate" },
        { $"--grpc-certificate nowhere.pem --db {Nowhere}", "grpc-certificate" },
    };

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _started) await process.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [MemberData(nameof(BadSettings))]
    public void Build_WithSettingsThatDoNotGoTogether_NamesOne(string arguments, string setting) =>
        Assert.StartsWith($"mall: {setting}:", StartTests.Refusal(arguments.Split(' ')), StringComparison.Ordinal);

    [Theory]
    [InlineData("--silo 127.0.0.1:7301", "silo")] // with the default database, a file for one process
    [InlineData($"--silo 127.0.0.1:7301 --gateway nonsense --db {Nowhere}", "gateway")]
    [InlineData("--roles api", "roles")]
    public async Task Start_WithSettingsThatDoNotGoTogether_NamesOne(string arguments, string setting) =>
        Assert.StartsWith($"mall: {setting}:", await RefusalAsync(Start(arguments.Split(' '))), StringComparison.Ordinal);

    [Theory]
    [InlineData("silo")]
    [InlineData("gateway")]
    [InlineData("http")]
    public async Task Start_AtAnAddressInUse_NamesIt(string setting)
    {
        using var squatter = new TcpListener(IPAddress.Loopback, 0);
        squatter.Start();
        var address = squatter.LocalEndpoint.ToString()!;

        var doors = new Dictionary<string, string>
        {
            ["silo"] = FreeAddress(), ["gateway"] = FreeAddress(), ["http"] = FreeAddress(), [setting] = address,
        };

        var line = await RefusalAsync(Start(
        [
            "--roles", "silo", "--db", await DatabaseAsync($"{setting}_in_use"),
            .. doors.SelectMany(door => (string[])[$"--{door.Key}", door.Value]),
        ]));

        Assert.StartsWith($"mall: {setting}:", line, StringComparison.Ordinal);
        Assert.Contains(address, line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Start_WithAnotherCertificate_IsRefusedByTheCluster(bool clusterHasOne, bool newcomerHasOne)
    {
        var db = await DatabaseAsync($"another_certificate_{clusterHasOne}_{newcomerHasOne}".ToLowerInvariant());
        string[] Certificate(bool isThere, string file) => isThere ? ["--cluster-certificate", NewCertificate(file)] : [];
        var first = Start(["--roles", "silo", "--silo", FreeAddress(), "--db", db, .. Certificate(clusterHasOne, "ours.pem")]);
        await UntilItSaysAsync(first, "A silo of the mall is up");

        var line = await RefusalAsync(
            Start(["--roles", "silo", "--silo", FreeAddress(), "--db", db, .. Certificate(newcomerHasOne, "theirs.pem")]));

        Assert.StartsWith("mall: cluster-certificate:", line, StringComparison.Ordinal);
        await UntilItSaysAsync(first, "is Dead"); // Who came, and has gone.
        Assert.False(first.HasExited);
    }

    [Fact]
    public async Task Cluster_WithOneCertificate_ServesOverTls()
    {
        var db = await DatabaseAsync("one_certificate");
        var (certificate, door) = (NewCertificate("ours.pem"), FreeAddress());
        await UntilItSaysAsync(
            Start(
                "--roles", "silo", "--silo", FreeAddress(), "--db", db, "--cluster-certificate", certificate),
            "A silo of the mall is up");
        await UntilItSaysAsync(
            Start(
                "--roles", "api", "--http", door, "--grpc", FreeAddress(), "--db", db, "--cluster-certificate", certificate,
                "--grpc-certificate", certificate),
            "gRPC   https://");

        using var client = new HttpClient { BaseAddress = new Uri($"http://{door}/") };
        using var answer = await client.PostAsJsonAsync(
            "v1/users", new { mobile = "13800000001", password = "correct horse" }, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    [Fact]
    public async Task Start_WhileTheDatabaseIsDown_WaitsAudiblyAndThenGivesUp()
    {
        SiloProcess[] processes =
        [
            Start("--roles", "silo", "--silo", FreeAddress(), "--db", Nowhere),
            Start("--roles", "api", "--http", FreeAddress(), "--grpc", FreeAddress(), "--db", Nowhere),
        ];

        foreach (var process in processes)
        {
            Assert.StartsWith("mall: db:", await RefusalAsync(process), StringComparison.Ordinal);
            Assert.True(process.OutputLines.Count(l => l.Contains("127.0.0.1:1", StringComparison.Ordinal)) > 1, process.Tail());
        }
    }

    [Theory]
    [InlineData("silo")]
    [InlineData("api")]
    public async Task Start_ThatIsToldToStopWhileItWaitsForTheDatabase_EndsInOrder(string role)
    {
        string[] place = role == "silo" ? ["--silo", FreeAddress()] : ["--http", FreeAddress(), "--grpc", FreeAddress()];
        var process = Start(["--roles", role, .. place, "--db", Nowhere]);
        await UntilItSaysAsync(process, "127.0.0.1:1");

        process.Terminate();

        Assert.Equal(0, await process.ExitCodeAsync(s_patience));
        Assert.Empty(process.ErrorLines);
    }

    private static async Task<string> DatabaseAsync(string name)
    {
        if (DatabaseServer.WhyMissing(DatabaseKind.Postgres) is { } reason) Assert.Skip(reason);
        var server = await DatabaseServer.SharedAsync(DatabaseKind.Postgres);
        return await server.CreateDatabaseAsync(name, TestContext.Current.CancellationToken);
    }

    /// <summary>A certificate of its own with its key, in a file of this name.</summary>
    private string NewCertificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=mall", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var file = Path.Combine(_folder, name);
        File.WriteAllText(file, certificate.ExportCertificatePem() + Environment.NewLine + key.ExportPkcs8PrivateKeyPem());
        return file;
    }

    private static string FreeAddress() => FreePorts.TakeEndpoint();

    private SiloProcess Start(params string[] arguments)
    {
        var process = SiloProcess.Start(_folder, arguments);
        _started.Add(process);
        return process;
    }

    /// <returns>The one line.</returns>
    private static async Task<string> RefusalAsync(SiloProcess process)
    {
        var exitCode = await process.ExitCodeAsync(s_patience);
        Assert.True(exitCode == 1, $"Exit code {exitCode}.{Environment.NewLine}{process.Tail()}");
        return Assert.Single(process.ErrorLines);
    }

    private static async Task UntilItSaysAsync(SiloProcess process, string text)
    {
        using var patience = new CancellationTokenSource(s_patience);
        while (!process.OutputLines.Any(line => line.Contains(text, StringComparison.Ordinal)))
        {
            Assert.False(patience.IsCancellationRequested || process.HasExited, process.Tail());
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}
