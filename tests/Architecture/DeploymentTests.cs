using System.Diagnostics;
using System.Text.RegularExpressions;
using k8s;
using k8s.Models;
using Mall.Silo.Settings;
using Microsoft.Extensions.Configuration;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Mall.Architecture.Tests;

/// <summary>The files that put the mall on machines fit the mall and each other. They cannot be run here.</summary>
public sealed partial class DeploymentTests
{
    const string Compose = "docker-compose.yml";
    const string Proxy = "deploy/nginx.conf";
    const string Nginx = "/usr/sbin/nginx";

    static readonly Dictionary<object, object> s_services =
        (Dictionary<object, object>)Parse(SourceTree.Read(Compose))["services"];

    /// <summary>The services that are this program, with their environments.</summary>
    static IEnumerable<(string Name, Dictionary<string, string> Settings)> Processes => s_services
        .Select(s => (Name: (string)s.Key, Service: (Dictionary<object, object>)s.Value))
        .Where(s => s.Service.ContainsKey("build"))
        .Select(s => (s.Name, Settings: (Dictionary<object, object>)s.Service["environment"]))
        .Select(s => (s.Name, s.Settings.ToDictionary(e => (string)e.Key, e => (string)e.Value)));

    [GeneratedRegex(@"server (?<host>[\w-]+):(?<port>\d+)")]
    private static partial Regex Upstream { get; }

    [GeneratedRegex(@"\bMALL_(?<name>[A-Z_]+)=")]
    private static partial Regex ImageSetting { get; }

    [Fact]
    public void Compose_HasThreeSilosAndTwoFrontDoors()
    {
        Assert.Equal(3, Processes.Count(p => p.Settings["MALL_ROLES"] == "silo"));
        Assert.Equal(2, Processes.Count(p => p.Settings["MALL_ROLES"] == "api"));
    }

    [Fact]
    public void Settings_InComposeAndImage_Exist()
    {
        var used = Processes.SelectMany(p => p.Settings.Keys)
            .Concat(ImageSetting.Matches(SourceTree.Read("Dockerfile")).Select(m => "MALL_" + m.Groups["name"].Value));
        Findings.AssertNone(used.Distinct().Where(name => !SettingNames.All.Contains(SettingOf(name))));
    }

    [Fact]
    public void Settings_OfEachProcess_AreAccepted()
    {
        foreach (var (name, settings) in Processes)
        {
            // A service's name has an address in its own network only.
            var given = settings.ToDictionary(
                s => SettingOf(s.Key),
                s => (string?)Regex.Replace(s.Value, @"\$\{[^}]*\}", "secret")
                    .Replace($"{name}:", "10.0.0.1:", StringComparison.Ordinal));
            var read = MallSettings.From(new ConfigurationBuilder().AddInMemoryCollection(given).Build());
            if (read.Roles == Roles.Silo) Assert.Equal("10.0.0.1:7000", $"{read.Cluster!.Silo}");
        }
    }

    [Fact]
    public void EverythingThatIsWaitedFor_IsAService() => Findings.AssertNone(
        s_services.Values.Cast<Dictionary<object, object>>()
            .Select(s => s.GetValueOrDefault("depends_on")).OfType<Dictionary<object, object>>()
            .SelectMany(others => others.Keys).Distinct().Where(name => !s_services.ContainsKey(name)).Cast<string>());

    [Fact]
    public void Prometheus_ScrapesEveryProcess()
    {
        var jobs = (List<object>)Parse(SourceTree.Read("deploy/prometheus/prometheus.yml"))["scrape_configs"];
        var targets = from Dictionary<object, object> job in jobs
            from Dictionary<object, object> named in (List<object>)job["static_configs"]
            from string target in (List<object>)named["targets"] select target;
        Assert.Equal(Processes.Select(p => $"{p.Name}:8080").Order(), targets.Order());
    }

    [Fact]
    public void Alerts_HaveAParagraphEach_InOperations()
    {
        var named = Regex.Matches(SourceTree.Read("deploy/prometheus/rules.yml"), @"alert: (\w+)").Select(m => m.Groups[1].Value);
        Findings.AssertNone(named.Where(
            alert => !SourceTree.Read("docs/operations.md").Contains($"**{alert}**", StringComparison.Ordinal)));
    }

    [Fact]
    public void Settings_AreThoseThatOperationsTells()
    {
        var text = SourceTree.Read("docs/operations.md");
        var (begin, end) = ("## Settings", "\n## PostgreSQL");
        var table = text[text.IndexOf(begin, StringComparison.Ordinal)..text.IndexOf(end, StringComparison.Ordinal)];
        var told = Regex.Matches(table, @"^\| ([^|]*) \|", RegexOptions.Multiline)
            .SelectMany(row => Regex.Matches(row.Groups[1].Value, "`([a-z-]+)`")).Select(name => name.Groups[1].Value);
        Assert.Equal(SettingNames.All.Order(), told.Order());
    }

    [Fact]
    public void Kubernetes_KnowsEveryField_AndTheMallEverySetting()
    {
        var manifest = SourceTree.Read("deploy/k8s/mall.yaml");
        var all = KubernetesYaml.LoadAllFromString(manifest, strict: true);
        Assert.Equal(7, all.Count);
        foreach (var pod in all.OfType<V1Deployment>().Select(d => d.Spec.Template.Spec.Containers.Single()))
        {
            var given = pod.Env.Where(e => e.Name.StartsWith("MALL_", StringComparison.Ordinal) && e.Value is { } value
                    && !value.StartsWith("/secrets", StringComparison.Ordinal))
                .ToDictionary(e => SettingOf(e.Name), e => e.Value.Replace("$(POD_IP)", "10.0.0.1", StringComparison.Ordinal));
            given.Add(SettingNames.ClusterPlaintext, "true"); // The certificate is not here.
            given.Add(SettingNames.Db, "mysql://mall:secret@database:3306/mall");
            Findings.AssertNone(given.Keys.Except(SettingNames.All));
            MallSettings.From(new ConfigurationBuilder().AddInMemoryCollection(given!).Build());
        }
    }

    [Fact]
    public void Proxy_KnowsEveryFrontDoorOnBothPorts() => Assert.Equal(
        Processes.Where(p => p.Settings["MALL_ROLES"] == "api")
            .SelectMany(p => new[] { $"{p.Name}:8080", $"{p.Name}:8081" })
            .Order(),
        Upstream.Matches(SourceTree.Read(Proxy)).Select(m => $"{m.Groups["host"]}:{m.Groups["port"]}").Order());

    [Fact]
    public async Task Proxy_IsAcceptedByNginx()
    {
        if (!File.Exists(Nginx))
        {
            const string missing = "nginx is not installed: apt-get install nginx-light";
            Assert.False(Environment.GetEnvironmentVariable("MALL_TEST_REQUIRE")?.Split(',').Contains("nginx") == true, missing);
            Assert.Skip(missing);
        }

        var folder = Directory.CreateTempSubdirectory("mall-nginx-");
        try
        {
            var file = Path.Combine(folder.FullName, "nginx.conf");
            await File.WriteAllTextAsync(
                file, Upstream.Replace(SourceTree.Read(Proxy), "server 127.0.0.1:${port}"),
                TestContext.Current.CancellationToken);
            var start = new ProcessStartInfo(Nginx, ["-t", "-c", file, "-g", $"pid {folder.FullName}/pid;"])
            {
                RedirectStandardError = true,
            };
            using var nginx = Process.Start(start)!;
            var said = await nginx.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await nginx.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(nginx.ExitCode == 0, said);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>The setting that an environment variable gives.</summary>
    static string SettingOf(string variable) => variable["MALL_".Length..].Replace('_', '-').ToLowerInvariant();

    static Dictionary<object, object> Parse(string yaml) =>
        new DeserializerBuilder()
            .Build()
            .Deserialize<Dictionary<object, object>>(new MergingParser(new Parser(new StringReader(yaml))));
}
