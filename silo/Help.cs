using System.Reflection;

namespace Mall.Silo;

/// <summary>What whoever does not know this program is told.</summary>
internal static class Help
{
    public static bool IsWanted(string[] args) => args.Any(arg => arg is "--help" or "-h");

    public static string Version =>
        $"mall {typeof(Help).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion}";

    public static string Text =>
        $"""
        The back end of a mall.

          [settings]                           opens it: without any a whole mall, on a database file in this folder
          demo [--http address | --db db]      fills the mall that is open there, or the one on that database
          admin create --mobile m --password p [--role operator] [--name n] [--db db]
                                               makes an account for an operator, beside a mall that may be open
          --help, --version

        Settings, here or as MALL_NAME in the environment or in appsettings.json, and what they are otherwise:

        {string.Join(Environment.NewLine, SettingNames.Described.Select(Line))}

        docs/operations.md tells more of each.
        """;

    private static string Line(Setting setting) => $"  --{setting.Name,-20} {setting.Meaning} ({setting.Otherwise})";
}
