using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Mall.Ledger;

/// <summary>A numbered script that brings the schema one step further, or a row of <c>schema_version</c>: one that did.</summary>
/// <param name="Number">From 1, without gaps; the same in every store.</param>
/// <param name="Name">What it does, as its file says: <c>0003_create_users_and_shops</c>.</param>
/// <param name="Checksum">SHA-256 of the script, so that a change after it was applied is noticed.</param>
/// <param name="Script">The SQL; the database does not keep it.</param>
internal sealed record Migration(int Number, string Name, string Checksum, string Script = "");

/// <summary>The scripts of <c>sql/</c>, which are embedded in this assembly as <c>sql/store/NNNN_what_it_does.sql</c>.</summary>
internal static class MigrationScripts
{
    /// <summary>All scripts of a store, by number.</summary>
    public static IReadOnlyList<Migration> Of(string store)
    {
        var assembly = typeof(MigrationScripts).Assembly;
        return
        [
            .. assembly.GetManifestResourceNames()
                .Where(name => name.StartsWith($"sql/{store}/", StringComparison.Ordinal))
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

/// <summary>Decides what is to be run on a database that has had certain migrations, or that it cannot be used. Pure.</summary>
internal static class MigrationPlan
{
    /// <summary>The migrations that are still to be run, in order.</summary>
    /// <exception cref="LedgerStartException">They do not fit; the message names the first that does not.</exception>
    public static IReadOnlyList<Migration> Of(IReadOnlyList<Migration> known, IReadOnlyList<Migration> applied)
    {
        var had = applied.OrderBy(m => m.Number).ToList();
        if (had.Count > known.Count)
            throw Misfit($"the database was written by a newer version: it has had migration {had[known.Count].Name}, "
                + $"and this version knows {known.Count}. Start the newer version.");
        foreach (var (ours, theirs) in known.Zip(had))
        {
            if (theirs.Name != ours.Name)
                throw Misfit($"migration {theirs.Number} of the database is {theirs.Name}, of this program {ours.Name}. "
                    + "They have parted ways.");
            if (theirs.Checksum != ours.Checksum)
                throw Misfit($"migration {ours.Name} was changed after the database had it (checksum differs). "
                    + "Migrations are never changed: add a new one.");
        }

        return [.. known.Skip(had.Count)];
    }

    private static LedgerStartException Misfit(string what) => new($"db: {what}");
}
