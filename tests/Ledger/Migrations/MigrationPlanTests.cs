namespace Mall.Ledger.Tests;

public sealed class MigrationPlanTests
{
    private static readonly Migration[] s_known =
    [
        Migration.Parse("0001_create_a", "create table a (x int);\n"),
        Migration.Parse("0002_create_b", "create table b (x int);\n"),
        Migration.Parse("0003_create_c", "create table c (x int);\n"),
    ];

    [Fact]
    public void Plan_OfAnEmptyDatabase_IsEverything() => Assert.Equal(s_known, Migration.ToRun(s_known, []));

    [Fact]
    public void Plan_OfAnOlderDatabase_IsTheRest() =>
        Assert.Equal([s_known[2]], Migration.ToRun(s_known, Applied(s_known[..2])));

    [Fact]
    public void Plan_OfTheSame_IsEmpty() => Assert.Empty(Migration.ToRun(s_known, Applied(s_known)));

    [Fact]
    public void Plan_OfANewerDatabase_NamesTheMigrationThatIsUnknown() =>
        Assert.Equal(
            "db: the database was written by a newer version: it has had migration 0003_create_c, "
            + "and this version knows 2. Start the newer version.",
            Refusal(s_known[..2], Applied(s_known)));

    [Fact]
    public void Plan_WithAChangedScript_NamesIt() =>
        Assert.Contains("0002_create_b was changed", Refusal(s_known, [Applied(s_known)[0], new(2, "0002_create_b", "other")]),
            StringComparison.Ordinal);

    [Fact]
    public void Plan_WithAnotherName_NamesBoth() =>
        Assert.Contains("is 0002_other, of this program 0002_create_b",
            Refusal(s_known, [Applied(s_known)[0], new(2, "0002_other", "x")]), StringComparison.Ordinal);

    [Fact]
    public void Plan_WithAGapInTheDatabase_NamesWhereItIs() =>
        Assert.Contains("migration 3 of the database is 0003_create_c, of this program 0002_create_b",
            Refusal(s_known, [Applied(s_known)[0], Applied(s_known)[2]]), StringComparison.Ordinal);

    [Fact]
    public void Checksum_DoesNotDependOnLineEnds() =>
        Assert.Equal(Migration.Parse("0001_a", "a\nb\n").Checksum,
            Migration.Parse("0001_a", "a\r\nb\r\n").Checksum);

    [Fact]
    public void Scripts_OfEveryStore_HaveTheSameNumbersAndNames()
    {
        var sqlite = Migration.AllOf("sqlite").Select(migration => migration.Name).ToList();
        Assert.NotEmpty(sqlite);
        Assert.Equal(Enumerable.Range(1, sqlite.Count), Migration.AllOf("sqlite").Select(migration => migration.Number));
        foreach (var store in (string[])["sqlite", "postgres", "mysql"])
        {
            var others = Migration.AllOf(store).Select(migration => migration.Name);
            Assert.True(others.SequenceEqual(sqlite), $"{store}: {string.Join(", ", others)}");

            // The statement that puts it into schema_version follows.
            Assert.All(Migration.AllOf(store), migration => Assert.EndsWith(";", migration.Script.TrimEnd()));
        }
    }

    private static Migration[] Applied(Migration[] migrations) =>
        [.. migrations.Select(m => new Migration(m.Number, m.Name, m.Checksum))];

    private static string Refusal(Migration[] known, Migration[] applied)
    {
        var message = Assert.Throws<LedgerStartException>(() => Migration.ToRun(known, applied)).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }
}
