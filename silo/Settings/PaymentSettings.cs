namespace Mall.Silo.Settings;

/// <summary>Who takes customers' money.</summary>
/// <param name="IsSandbox">The mall plays the provider itself, with a page on which one chooses what happens.</param>
/// <param name="Webhook">The adapter of a provider; null for none.</param>
/// <param name="Key">Callbacks, and what goes to the adapter, are signed with it; null: the one in the database.</param>
public sealed record PaymentSettings(bool IsSandbox, Uri? Webhook, string? Key)
{
    private const string Sandbox = "sandbox";
    private const string WebhookPrefix = "webhook:";
    private const int MinKeyLength = 16;

    /// <exception cref="SettingsException">The first setting that cannot be used.</exception>
    internal static PaymentSettings From(IConfiguration configuration)
    {
        var key = configuration[SettingNames.PaymentKey] is { Length: > 0 } given ? given : null;
        if (key?.Length < MinKeyLength && !IsAtHome(configuration))
            throw new SettingsException(
                SettingNames.PaymentKey, $"must be at least {MinKeyLength} characters long where others reach the mall");
        return configuration[SettingNames.Payments] switch
        {
            null or "" => new PaymentSettings(IsAtHome(configuration), null, key),
            Sandbox => new PaymentSettings(true, null, key),
            "none" => new PaymentSettings(false, null, key),
            var text when text.StartsWith(WebhookPrefix, StringComparison.Ordinal)
                && Uri.TryCreate(text[WebhookPrefix.Length..].TrimEnd('/'), UriKind.Absolute, out var url)
                && url.Scheme is "http" or "https" && url is { Query: "", Fragment: "" } => new PaymentSettings(false, url, key),
            var text => throw new SettingsException(
                SettingNames.Payments, $"'{text}' is not sandbox, none, or webhook: and the URL of an adapter"),
        };
    }

    /// <summary>
    /// Nobody from elsewhere reaches this process: what it is told to listen on is all loopback, no proxy stands before it, and
    /// it has no address in the world.
    /// </summary>
    private static bool IsAtHome(IConfiguration configuration) =>
        new[] { SettingNames.Http, SettingNames.Grpc, SettingNames.Silo }.All(setting =>
            configuration[setting] is not { Length: > 0 } address
            || IsLoopback(address[..Math.Max(0, address.LastIndexOf(':'))]))
        && string.IsNullOrEmpty(configuration[SettingNames.TrustedProxies])
        && (configuration[SettingNames.PublicUrl] is not { Length: > 0 } world
            || (Uri.TryCreate(world, UriKind.Absolute, out var url) && IsLoopback(url.Host)));

    private static bool IsLoopback(string host) =>
        host == "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
