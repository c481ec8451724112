namespace Mall.Silo.Settings;

/// <summary>All settings.</summary>
public static class SettingNames
{
    public const string Http = "http";
    public const string Grpc = "grpc";
    public const string Db = "db";
    public const string Roles = "roles";
    public const string Silo = "silo";
    public const string Gateway = "gateway";
    public const string Cluster = "cluster";
    public const string ClusterCertificate = "cluster-certificate";
    public const string ClusterPlaintext = "cluster-plaintext";
    public const string GrpcCertificate = "grpc-certificate";
    public const string TokenKey = "token-key";
    public const string AccessLifetime = "access-lifetime";
    public const string RefreshLifetime = "refresh-lifetime";
    public const string OrderCloseAfter = "order-close-after";
    public const string TrustedProxies = "trusted-proxies";
    public const string Country = "country";
    public const string Cors = "cors";
    public const string PublicUrl = "public-url";
    public const string Payments = "payments";
    public const string PaymentKey = "payment-key";
    public const string Otlp = "otlp";
    public const string TraceRatio = "trace-ratio";
    public const string LogFormat = "log-format";
    public const string Dtm = "dtm";
    public const string DtmGrpc = "dtm-grpc";
    public const string DtmAllow = "dtm-allow";
    public const string DtmClients = "dtm-clients";
    public const string DtmTargets = "dtm-targets";
    public const string DtmRetry = "dtm-retry";
    public const string DtmTimeoutToFail = "dtm-timeout-to-fail";
    public const string DtmRequestTimeout = "dtm-request-timeout";
    public const string DtmAlertUrl = "dtm-alert-url";
    public const string DtmAlertAfter = "dtm-alert-after";

    public static IReadOnlyList<Setting> Described { get; } =
    [
        new(Http, "127.0.0.1:8080", "where REST, /scalar, /health, /metrics and /dashboard are"),
        new(Grpc, "127.0.0.1:8081", "where gRPC is"),
        new(GrpcCertificate, "none", "a PEM or PKCS#12 file, to serve gRPC with TLS"),
        new(Db, "sqlite:data/mall.db", "or postgres://user:password@host:port/database, or mysql:// with the same"),
        new(Roles, "silo,api", "silo hosts grains, api is the front door"),
        new(Silo, "none", "host:port where other silos reach this one; makes it part of a cluster"),
        new(Gateway, "silo's host, port + 1", "host:port where front doors of other processes reach it"),
        new(Cluster, ClusterSettings.DefaultId, "processes of another name do not meet"),
        new(ClusterCertificate, "none", "a PEM or PKCS#12 file, the same on all processes: TLS between them"),
        new(ClusterPlaintext, "false", "true: without, in a network that only the cluster reaches"),
        new(TokenKey, "made, kept in the database", "signs access tokens"),
        new(AccessLifetime, "02:00:00", "how long an access token is good"),
        new(RefreshLifetime, "30.00:00:00", "how long a refresh token is good"),
        new(OrderCloseAfter, "00:20:00", "when an order that nobody has paid closes"),
        new(TrustedProxies, "none", "ranges of proxies whose X-Forwarded-For counts"),
        new(Country, "none", "two letters: how a mobile of digits alone is read"),
        new(Cors, "none", "origins that browsers may call from"),
        new(PublicUrl, "where REST is bound", "what links and callbacks that leave the mall begin with"),
        new(Payments, "sandbox on loopback, else none", "sandbox, none, or webhook: and the URL of an adapter"),
        new(PaymentKey, "made, kept in the database", "signs what providers and the mall tell each other"),
        new(Otlp, "none", "where traces, metrics and logs go by OTLP over gRPC"),
        new(TraceRatio, "0.01", "the share of requests that are traced, 0 to 1"),
        new(LogFormat, "text on a terminal, else json", "how lines of the log are written"),
        new(Dtm, "none", "where clients of transactions of services come by HTTP"),
        new(DtmGrpc, "none", "where they come by gRPC"),
        new(DtmAllow, "everything when these doors are on loopback", "where branches may live"),
        new(DtmClients, "everybody when these doors are on loopback", "ranges that may call"),
        new(DtmTargets, "none", "where servers are that no address names"),
        new(DtmRetry, "00:00:10", "before a branch is called again"),
        new(DtmTimeoutToFail, "00:00:35", "when what is prepared is asked for, or aborted"),
        new(DtmRequestTimeout, "00:00:03", "of one call of a branch"),
        new(DtmAlertUrl, "none", "is told of transactions that do not get on"),
        new(DtmAlertAfter, "3", "after so many failures in a row"),
    ];

    public static IReadOnlyList<string> All { get; } = [.. Described.Select(setting => setting.Name)];

    private const string EnvironmentPrefix = "MALL_";

    /// <summary>
    /// Reads settings from <c>appsettings.json</c> in the current folder, then from variables such as
    /// <c>MALL_ORDER_CLOSE_AFTER</c> (or <c>MALL_order-close-after</c>), then from the command line; the later wins.
    /// </summary>
    /// <exception cref="SettingsException">An unknown option, or one without a value.</exception>
    public static IConfigurationBuilder AddMallSettings(this IConfigurationBuilder configuration, IReadOnlyList<string> args) =>
        configuration
            .AddJsonFile(json =>
            {
                (json.Path, json.Optional) = (Path.GetFullPath("appsettings.json"), true);
                json.ReloadOnChange = File.Exists(json.Path); // Levels of the log may change while the process runs.
                json.ResolveFileProvider();
                json.OnLoadException = failed => throw new SettingsException(
                    "appsettings.json", $"is not read: {failed.Exception.GetBaseException().Message.TrimEnd('.')}");
            })
            .AddInMemoryCollection(FromEnvironment())
            .AddInMemoryCollection(FromCommandLine(args));

    private static IEnumerable<KeyValuePair<string, string?>> FromEnvironment()
    {
        foreach (System.Collections.DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            var name = (string)variable.Key;
            if (!name.StartsWith(EnvironmentPrefix, StringComparison.OrdinalIgnoreCase)) continue;
            var setting = name[EnvironmentPrefix.Length..].Replace('_', '-').ToLowerInvariant();
            if (All.Contains(setting)) yield return new(setting, (string?)variable.Value);
        }
    }

    private static Dictionary<string, string?> FromCommandLine(IReadOnlyList<string> args)
    {
        var given = new Dictionary<string, string?>();
        for (var i = 0; i < args.Count; i++)
        {
            var equals = args[i].IndexOf('=');
            var name = equals < 0 ? args[i] : args[i][..equals];
            if (!name.StartsWith("--", StringComparison.Ordinal) || !All.Contains(name[2..]))
                throw new SettingsException(name, "is not an option; --help tells which there are");
            if (equals < 0 && (i + 1 == args.Count || args[i + 1].StartsWith("--", StringComparison.Ordinal)))
                throw new SettingsException(name, "needs a value; one that begins with -- follows an equals sign");
            if (!given.TryAdd(name[2..], equals < 0 ? args[++i] : args[i][(equals + 1)..]))
                throw new SettingsException(name, "is given twice");
        }

        return given;
    }
}
