namespace Mall.Silo.Settings;

/// <summary>A setting that cannot be used. The message is one line that names it; the start stops with it.</summary>
public sealed class SettingsException(string message) : Exception(message)
{
    public SettingsException(string setting, string problem) : this($"{setting}: {problem}.") { }
}
