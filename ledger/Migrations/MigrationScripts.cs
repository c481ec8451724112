using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Mall.Ledger;

/// <summary>The scripts of <c>sql/</c>, which are embedded in this assembly as <c>sql/store/NNNN_what_it_does.sql</c>.</summary>
internal static class MigrationScripts
{
    /// <summary>All scripts of a store, by number.</summary>
    /// <param name="store">The folder: sqlite, postgres or mysql.</param>
    public static IReadOnlyList<Migration> Of(string store)
    {
        var assembly = typeof(MigrationScripts).Assembly;
        var folder = $"sql/{store}/";
        return
        [
            .. assembly.GetManifestResourceNames()
                .Where(name => name.StartsWith(folder, StringComparison.Ordinal))
                .Select(name => Parse(Path.GetFileNameWithoutExtension(name), Read(name)))
                .OrderBy(migration => migration.Number),
        ];

        string Read(string name)
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!, Encoding.UTF8);
            return reader.ReadToEnd();
        }
    }

    /// <summary>A migration of a file's name and text. Line ends are not part of the checksum: git may change them.</summary>
    public static Migration Parse(string name, string text)
    {
        var script = text.ReplaceLineEndings("\n");
        var checksum = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(script)));
        return new Migration(int.Parse(name.AsSpan(0, 4), CultureInfo.InvariantCulture), name, checksum, script);
    }
}
