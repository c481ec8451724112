namespace Mall.Silo.Settings;

/// <summary>The names of all settings: the same on the command line, in the environment and in <c>appsettings.json</c>.</summary>
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

    public static IReadOnlyList<string> All { get; } =
    [
        Http, Grpc, GrpcCertificate, Db, Roles, Silo, Gateway, Cluster, ClusterCertificate, ClusterPlaintext, TokenKey,
        AccessLifetime, RefreshLifetime, OrderCloseAfter, TrustedProxies, Country, Cors, PublicUrl, Payments, PaymentKey, Otlp,
        TraceRatio, LogFormat,
        Dtm, DtmGrpc, DtmAllow, DtmClients, DtmTargets, DtmRetry, DtmTimeoutToFail, DtmRequestTimeout, DtmAlertUrl, DtmAlertAfter,
    ];

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
                throw new SettingsException(name, $"is not an option; there are {string.Join(", ", All.Select(n => "--" + n))}");
            if (equals < 0 && (i + 1 == args.Count || args[i + 1].StartsWith("--", StringComparison.Ordinal)))
                throw new SettingsException(name, "needs a value; one that begins with -- follows an equals sign");
            if (!given.TryAdd(name[2..], equals < 0 ? args[++i] : args[i][(equals + 1)..]))
                throw new SettingsException(name, "is given twice");
        }

        return given;
    }
}
