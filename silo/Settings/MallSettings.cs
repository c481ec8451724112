using System.Globalization;
using Mall.Api;
using Mall.Ledger;
using Mall.Ledger.Stores;

namespace Mall.Silo.Settings;

/// <summary>What a process of the mall is told, checked and with its defaults.</summary>
/// <param name="Http">Where REST, health and the OpenAPI document are served.</param>
/// <param name="Grpc">Where gRPC is served, HTTP/2 without TLS.</param>
/// <param name="Db">Which database.</param>
/// <param name="TokenKey">The key that signs access tokens; null: the one in the database.</param>
/// <param name="OrderCloseAfter">How long an order waits for its payment.</param>
public sealed record MallSettings(
    ListenAddress Http, ListenAddress Grpc, StoreAddress Db, string? TokenKey, TimeSpan OrderCloseAfter)
{
    /// <exception cref="SettingsException">The first setting that cannot be used.</exception>
    public static MallSettings From(IConfiguration configuration)
    {
        RefuseWhatOneProcessCannotDo(configuration);
        return new MallSettings(
            Address(configuration, SettingNames.Http, "127.0.0.1:8080"),
            Address(configuration, SettingNames.Grpc, "127.0.0.1:8081"),
            Database(configuration),
            string.IsNullOrEmpty(configuration[SettingNames.TokenKey]) ? null : configuration[SettingNames.TokenKey],
            Span(configuration, SettingNames.OrderCloseAfter, TimeSpan.FromMinutes(20)));
    }

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

    private static void RefuseWhatOneProcessCannotDo(IConfiguration configuration)
    {
        foreach (var setting in (string[])[SettingNames.Silo, SettingNames.ClusterSecret])
        {
            if (!string.IsNullOrEmpty(configuration[setting]))
                throw new SettingsException(setting, "this version runs one process; leave it out");
        }

        var roles = configuration[SettingNames.Roles] ?? "silo,api";
        if (!roles.Split(',', StringSplitOptions.TrimEntries).ToHashSet().SetEquals(["silo", "api"]))
            throw new SettingsException(SettingNames.Roles, $"'{roles}' needs several processes; this version runs one, as silo,api");
        if (!string.IsNullOrEmpty(configuration[SettingNames.Otlp]))
            throw new SettingsException(SettingNames.Otlp, "this version exports no traces; leave it out");
    }

    private static ListenAddress Address(IConfiguration configuration, string setting, string otherwise)
    {
        var text = configuration[setting] ?? otherwise;
        return ListenAddress.TryParse(text, out var address)
            ? address
            : throw new SettingsException(setting, $"'{text}' is not an address and port, such as {otherwise}");
    }

    private static TimeSpan Span(IConfiguration configuration, string setting, TimeSpan otherwise)
    {
        if (configuration[setting] is not { } text) return otherwise;
        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var span) && span > TimeSpan.Zero && span < TimeSpan.FromDays(365)
            ? span
            : throw new SettingsException(setting, $"'{text}' is not a span such as 00:20:00");
    }
}
