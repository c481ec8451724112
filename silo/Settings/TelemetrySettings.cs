namespace Mall.Silo.Settings;

/// <summary>What a process tells of itself, and to whom.</summary>
/// <param name="Otlp">Where traces, metrics and logs go, by OTLP over gRPC; null: nowhere.</param>
/// <param name="TraceRatio">The share of requests that are traced when their caller has not decided, 0 to 1.</param>
/// <param name="IsJson">Whether a line of the log is a JSON object.</param>
public sealed record TelemetrySettings(Uri? Otlp, double TraceRatio, bool IsJson)
{
    /// <exception cref="SettingsException">The first setting that cannot be used.</exception>
    public static TelemetrySettings From(IConfiguration configuration) => new(
        Endpoint(configuration[SettingNames.Otlp]),
        Ratio(configuration[SettingNames.TraceRatio] ?? "0.01"),
        configuration[SettingNames.LogFormat] switch
        {
            null => Console.IsOutputRedirected,
            "json" => true,
            "text" => false,
            var other => throw new SettingsException(SettingNames.LogFormat, $"'{other}' is neither text nor json"),
        });

    private static Uri? Endpoint(string? text)
    {
        if (string.IsNullOrEmpty(text)) return null;
        return Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw new SettingsException(SettingNames.Otlp, $"'{text}' is not an address such as http://127.0.0.1:4317");
    }

    private static double Ratio(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var ratio)
        && ratio is >= 0 and <= 1
            ? ratio
            : throw new SettingsException(SettingNames.TraceRatio, $"'{text}' is not a share from 0 to 1, such as 0.01");
}
