namespace Mall.Ledger;

/// <summary>Decides what is to be run on a database that has had certain migrations, or that it cannot be used. Pure.</summary>
internal static class MigrationPlan
{
    /// <summary>The migrations that are still to be run, in order.</summary>
    /// <param name="known">What this program brings.</param>
    /// <param name="applied">What the database has had.</param>
    /// <exception cref="LedgerStartException">They do not fit; the message names the first that does not.</exception>
    public static IReadOnlyList<Migration> Of(IReadOnlyList<Migration> known, IReadOnlyList<AppliedMigration> applied)
    {
        DemandNoGap(known.Select(m => (m.Number, m.Name)), "this program's migrations");
        var had = applied.OrderBy(m => m.Number).ToList();
        if (had.Count > known.Count)
            throw new LedgerStartException(
                $"db: the database was written by a newer version: it has had migration {had[known.Count].Name}, "
                + $"and this version knows {known.Count}. Start the newer version.");
        DemandNoGap(had.Select(m => (m.Number, m.Name)), "the database's schema_version");
        for (var i = 0; i < had.Count; i++)
        {
            if (had[i].Name != known[i].Name)
                throw new LedgerStartException(
                    $"db: migration {had[i].Number} of the database is {had[i].Name}, of this program {known[i].Name}. "
                    + "They have parted ways.");
            if (had[i].Checksum != known[i].Checksum)
                throw new LedgerStartException(
                    $"db: migration {known[i].Name} was changed after the database had it (checksum differs). "
                    + "Migrations are never changed: add a new one.");
        }

        return [.. known.Skip(had.Count)];
    }

    private static void DemandNoGap(IEnumerable<(int Number, string Name)> migrations, string whose)
    {
        var expected = 1;
        foreach (var (number, name) in migrations)
            if (number != expected++)
                throw new LedgerStartException(
                    $"db: {whose} has a gap or a double: {name} stands where number {expected - 1:0000} must.");
    }
}
