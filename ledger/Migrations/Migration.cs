namespace Mall.Ledger;

/// <summary>A numbered script that brings the schema one step further, or a row of <c>schema_version</c>: one that did.</summary>
/// <param name="Number">From 1, without gaps; the same in every store.</param>
/// <param name="Name">What it does, as its file says: <c>0003_create_users_and_shops</c>.</param>
/// <param name="Checksum">SHA-256 of the script, so that a change after it was applied is noticed.</param>
/// <param name="Script">The SQL; the database does not keep it.</param>
internal sealed record Migration(int Number, string Name, string Checksum, string Script = "")
{
    /// <summary>The scripts of a store, by number: embedded in this assembly as <c>sql/store/NNNN_what_it_does.sql</c>.</summary>
    public static IReadOnlyList<Migration> AllOf(string store) =>
    [
        .. typeof(Migration).Assembly.GetManifestResourceNames()
            .Where(file => file.StartsWith($"sql/{store}/", StringComparison.Ordinal)).Order(StringComparer.Ordinal)
            .Select(file =>
            {
                using var reader = new StreamReader(typeof(Migration).Assembly.GetManifestResourceStream(file)!, Encoding.UTF8);
                return Parse(Path.GetFileNameWithoutExtension(file), reader.ReadToEnd());
            }),
    ];

    /// <summary>A migration of a file's name and text. Line ends are not part of the checksum: git may change them.</summary>
    public static Migration Parse(string name, string text)
    {
        var script = text.ReplaceLineEndings("\n");
        var checksum = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(script)));
        return new Migration(int.Parse(name.AsSpan(0, 4), CultureInfo.InvariantCulture), name, checksum, script);
    }

    /// <summary>What is still to be run on a database that has had certain migrations; all in order. Pure.</summary>
    /// <exception cref="LedgerStartException">They do not fit; the message names the first that does not.</exception>
    public static IReadOnlyList<Migration> ToRun(IReadOnlyList<Migration> known, IReadOnlyList<Migration> had)
    {
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
