using System.Text.RegularExpressions;
using Mall.Api.Transactions;
using Mall.Transactions;

namespace Mall.Silo.Settings;

/// <summary>What a process is told of transactions of services outside.</summary>
/// <param name="Http">Where their clients come by HTTP; null: nowhere.</param>
/// <param name="Grpc">Where they come by gRPC; null: nowhere.</param>
/// <param name="Targets">Where branches may live, and how they are found.</param>
/// <param name="Clients">Who may come; empty: everybody.</param>
/// <param name="AlertUrl">Whom to tell of transactions that do not get on; null: nobody.</param>
public sealed partial record DtmSettings(
    ListenAddress? Http, ListenAddress? Grpc, TargetBook Targets, IReadOnlyList<IPNetwork> Clients, TimeSpan Retry,
    TimeSpan TimeoutToFail, TimeSpan RequestTimeout, Uri? AlertUrl, int AlertAfter)
{
    /// <summary>Whether this process is a door for such clients.</summary>
    public bool IsDoor => Http is not null || Grpc is not null;

    /// <exception cref="SettingsException">The first setting that cannot be used.</exception>
    internal static DtmSettings From(IConfiguration configuration, Roles roles, IReadOnlyList<ListenAddress> taken)
    {
        var defaults = new TransactionSettings();
        var http = DoorAt(configuration, SettingNames.Dtm, roles, taken);
        var grpc = DoorAt(configuration, SettingNames.DtmGrpc, roles, http is null ? taken : [.. taken, http]);
        var clients = MallSettings.Networks(configuration, SettingNames.DtmClients);
        if (clients.Count > 0 && http is null && grpc is null)
            throw new SettingsException(SettingNames.DtmClients, "is for processes with dtm or dtm-grpc");
        var rules = RulesOf(configuration);
        if (Array.Find([http, grpc], address => address is { IsLoopback: false }) is { } open)
        {
            foreach (var (setting, isGiven) in ((string, bool)[])
                [(SettingNames.DtmAllow, rules is not null), (SettingNames.DtmClients, clients.Count > 0)])
            {
                if (!isGiven) throw new SettingsException(setting, $"is needed, since {open} can be reached from elsewhere");
            }
        }

        // Without a door here, others' clients decide what this silo calls.
        rules ??= http is null && grpc is null ? TargetRules.Loopback : TargetRules.Anything;
        var alertUrl = AlertUrlOf(configuration);
        return new DtmSettings(
            http, grpc, new TargetBook(rules, [new DirectResolver(), new DnsResolver(), TableOf(configuration)]), clients,
            MallSettings.Span(configuration, SettingNames.DtmRetry, defaults.Retry),
            MallSettings.Span(configuration, SettingNames.DtmTimeoutToFail, defaults.TimeoutToFail),
            MallSettings.Span(configuration, SettingNames.DtmRequestTimeout, defaults.RequestTimeout),
            alertUrl, AlertAfterOf(configuration, alertUrl, defaults.AlertAfter));
    }

    private static ListenAddress? DoorAt(
        IConfiguration configuration, string setting, Roles roles, IReadOnlyList<ListenAddress> taken)
    {
        if (string.IsNullOrEmpty(configuration[setting])) return null;
        if (!roles.HasFlag(Roles.Api)) throw new SettingsException(setting, "is for processes whose roles have api in them");
        var address = MallSettings.Address(configuration, setting, "127.0.0.1:36789");
        return address.Port != 0 && taken.Contains(address)
            ? throw new SettingsException(setting, $"{address} is the address of another door already")
            : address;
    }

    private static TargetRules? RulesOf(IConfiguration configuration)
    {
        if (configuration[SettingNames.DtmAllow] is not { Length: > 0 } text) return null;
        return TargetRules.Parse(text.Split(',', StringSplitOptions.TrimEntries), out var wrong) ?? throw new SettingsException(
            SettingNames.DtmAllow, $"'{wrong}' is no host, no range such as 10.0.0.0/8, and no *.suffix");
    }

    private static StaticResolver TableOf(IConfiguration configuration)
    {
        var entries = NextTarget.Split(configuration[SettingNames.DtmTargets] ?? "")
            .Select(entry => entry.Trim().Trim(',').Trim()).Where(entry => entry.Length > 0).Select(entry =>
                entry.LastIndexOf('=') is > 0 and var end && entry[..end].Contains("://", StringComparison.Ordinal)
                && !TwoTargets.IsMatch(entry)
                && BranchTarget.EndpointOf(entry[(end + 1)..]) is { } endpoint
                    ? (server: entry[..end], endpoint)
                    : throw new SettingsException(
                        SettingNames.DtmTargets,
                            $"'{entry}' is not scheme://server=host:port, such as etcd://etcd:2379/busi=10.0.0.5:80"));
        return new StaticResolver(entries.GroupBy(entry => entry.server).ToDictionary(
            server => server.Key, IReadOnlyList<DnsEndPoint> (server) => [.. server.Select(entry => entry.endpoint)]));
    }

    /// <summary>A server may have commas in its name: of several hosts, for one.</summary>
    [GeneratedRegex(@",(?=\s*[a-z][a-z0-9+.-]*://)")]
    private static partial Regex NextTarget { get; }

    /// <summary>The second has no scheme.</summary>
    [GeneratedRegex(@"=[^=,]*:\d+\s*,")]
    private static partial Regex TwoTargets { get; }

    private static Uri? AlertUrlOf(IConfiguration configuration)
    {
        if (configuration[SettingNames.DtmAlertUrl] is not { Length: > 0 } text) return null;
        return Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url
            : throw new SettingsException(SettingNames.DtmAlertUrl, $"'{text}' is not http(s)://host/path");
    }

    private static int AlertAfterOf(IConfiguration configuration, Uri? url, int otherwise)
    {
        if (configuration[SettingNames.DtmAlertAfter] is not { Length: > 0 } text) return otherwise;
        if (url is null) throw new SettingsException(SettingNames.DtmAlertAfter, "needs dtm-alert-url: whom should it tell?");
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var retries) && retries is > 0 and <= 1000
            ? retries
            : throw new SettingsException(SettingNames.DtmAlertAfter, $"'{text}' is not a number of failures from 1 to 1000");
    }
}
