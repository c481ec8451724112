namespace Mall.Silo.Settings;

/// <summary>What a process may be told.</summary>
/// <param name="Name">The same on the command line, in the environment and in <c>appsettings.json</c>.</param>
/// <param name="Otherwise">What holds when it is not given, in words.</param>
/// <param name="Meaning">In a line.</param>
public sealed record Setting(string Name, string Otherwise, string Meaning);
