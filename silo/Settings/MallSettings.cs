namespace Mall.Silo.Settings;

/// <summary>What a process of the mall is told, checked and with its defaults.</summary>
/// <param name="Roles">What this process does.</param>
/// <param name="Cluster">Its place among several; null when it is alone.</param>
/// <param name="Http">Where REST, health and the OpenAPI document are served.</param>
/// <param name="Grpc">Where gRPC is served, over HTTP/2.</param>
/// <param name="GrpcCertificate">What gRPC is served with; null: without TLS.</param>
/// <param name="Db">Which database.</param>
/// <param name="TokenKey">The key that signs access tokens; null: the one in the database.</param>
/// <param name="AccessLifetime">How long an access token is good.</param>
/// <param name="RefreshLifetime">How long a refresh token is good.</param>
/// <param name="OrderCloseAfter">How long an order waits for its payment.</param>
/// <param name="TrustedProxies">Those whose <c>X-Forwarded-For</c> counts.</param>
/// <param name="Country">How a mobile of digits alone is read; null: as it is.</param>
/// <param name="Cors">Origins that browsers may call from.</param>
/// <param name="Payments">Who takes customers' money.</param>
/// <param name="PublicUrl">What links and callbacks begin with; null: where REST is bound.</param>
/// <param name="Telemetry">What it tells of itself.</param>
public sealed record MallSettings(
    Roles Roles, ClusterSettings? Cluster, ListenAddress Http, ListenAddress Grpc, X509Certificate2? GrpcCertificate,
    StoreAddress Db, string? TokenKey, TimeSpan AccessLifetime, TimeSpan RefreshLifetime, TimeSpan OrderCloseAfter,
    IReadOnlyList<IPNetwork> TrustedProxies, string? Country, IReadOnlyList<string> Cors, PaymentSettings Payments,
    string? PublicUrl, TelemetrySettings Telemetry)
{
    /// <summary>Of transactions of services outside.</summary>
    public required DtmSettings Dtm { get; init; }

    // With their units by place; a bare number would be read as days.
    private static readonly string[] s_spans = [@"hh\:mm\:ss", @"d\.hh\:mm\:ss"];

    /// <exception cref="SettingsException">The first setting that cannot be used.</exception>
    public static MallSettings From(IConfiguration configuration)
    {
        var roles = ReadRoles(configuration);
        var db = Database(configuration);
        var http = Address(configuration, SettingNames.Http, "127.0.0.1:8080");
        var grpc = Address(configuration, SettingNames.Grpc, "127.0.0.1:8081");
        return new MallSettings(
            roles,
            ClusterSettings.From(configuration, roles, db),
            http,
            grpc,
            CertificateFile.Read(configuration, SettingNames.GrpcCertificate),
            db,
            string.IsNullOrEmpty(configuration[SettingNames.TokenKey]) ? null : configuration[SettingNames.TokenKey],
            Span(configuration, SettingNames.AccessLifetime, TimeSpan.FromHours(2)),
            Span(configuration, SettingNames.RefreshLifetime, TimeSpan.FromDays(30)),
            Span(configuration, SettingNames.OrderCloseAfter, TimeSpan.FromMinutes(20)),
            Networks(configuration, SettingNames.TrustedProxies),
            CountryOf(configuration),
            Origins(configuration),
            PaymentSettings.From(configuration),
            PublicUrlOf(configuration),
            TelemetrySettings.From(configuration))
        {
            Dtm = DtmSettings.From(configuration, roles, [http, grpc]),
        };
    }

    /// <summary>How a mobile of digits alone is read; null: as it is.</summary>
    public static string? CountryOf(IConfiguration configuration) =>
        configuration[SettingNames.Country] is { Length: > 0 } country ? country.ToUpperInvariant() : null;

    /// <summary>The database alone, for commands that serve nothing.</summary>
    /// <exception cref="SettingsException">It is no address of a database.</exception>
    public static StoreAddress Database(IConfiguration configuration)
    {
        try
        {
            return StoreAddress.Parse(configuration[SettingNames.Db] ?? "sqlite:data/mall.db");
        }
        catch (LedgerStartException e)
        {
            throw new SettingsException(e.Message);
        }
    }

    private static Roles ReadRoles(IConfiguration configuration)
    {
        var text = configuration[SettingNames.Roles] ?? "silo,api";
        var roles = Roles.None;
        foreach (var name in text.Split(',', StringSplitOptions.TrimEntries))
        {
            roles |= name switch
            {
                "silo" => Roles.Silo,
                "api" => Roles.Api,
                _ => throw new SettingsException(SettingNames.Roles, $"'{text}' is not silo, api or silo,api"),
            };
        }

        return roles;
    }

    private static string? PublicUrlOf(IConfiguration configuration)
    {
        if (configuration[SettingNames.PublicUrl] is not { Length: > 0 } text) return null;
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            && uri is { Query: "", Fragment: "", UserInfo: "" }
            ? text.TrimEnd('/')
            : throw new SettingsException(SettingNames.PublicUrl, $"'{text}' is not a URL such as https://shop.example");
    }

    private static string[] Origins(IConfiguration configuration)
    {
        var origins = (configuration[SettingNames.Cors] ?? "").Split(
            ',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return Array.Find(origins, origin => !IsOrigin(origin)) is { } wrong
            ? throw new SettingsException(
                SettingNames.Cors, $"'{wrong}' is not an origin such as https://shop.example (scheme, host, port, nothing after)")
            : origins;

        static bool IsOrigin(string text) =>
            Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            && uri is { PathAndQuery: "/", UserInfo: "", Fragment: "" }
            && text.Contains("://", StringComparison.Ordinal) && !text.EndsWith('/');
    }

    internal static ListenAddress Address(IConfiguration configuration, string setting, string otherwise)
    {
        var text = configuration[setting] ?? otherwise;
        return ListenAddress.TryParse(text, out var address)
            ? address
            : throw new SettingsException(setting, $"'{text}' is not an address and port, such as {otherwise}");
    }

    internal static IReadOnlyList<IPNetwork> Networks(IConfiguration configuration, string setting) =>
        string.IsNullOrEmpty(configuration[setting]) ? [] :
        [
            .. configuration[setting]!.Split(',', StringSplitOptions.TrimEntries).Select(text =>
                // An address within the range, which the framework takes for the range, is more likely a slip.
                IPNetwork.TryParse(text, out var network) && IPAddress.Parse(text.Split('/')[0]).Equals(network.BaseAddress)
                    ? network
                    : throw new SettingsException(setting, $"'{text}' is not a range of addresses such as 10.0.0.0/8")),
        ];

    internal static TimeSpan Span(IConfiguration configuration, string setting, TimeSpan otherwise)
    {
        if (configuration[setting] is not { } text) return otherwise;
        return TimeSpan.TryParseExact(text, s_spans, CultureInfo.InvariantCulture, out var span)
            && span > TimeSpan.Zero && span < TimeSpan.FromDays(365)
            ? span
            : throw new SettingsException(setting, $"'{text}' is not a span below a year, such as 00:20:00 or 7.00:00:00");
    }
}
