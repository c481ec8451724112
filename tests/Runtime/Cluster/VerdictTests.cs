using System.Collections.Immutable;

namespace Mall.Runtime.Tests.Cluster;

/// <summary>Who has to give itself up, by who does not hear whom. Silos are letters, older ones first.</summary>
public sealed class VerdictTests
{
    private static readonly TimeSpan s_settling = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData("abc", "", "")]
    [InlineData("abc", "ab cb", "b")] // One that hangs: it blames nobody.
    [InlineData("abc", "ab cb ba bc", "b")] // One that is cut off from the others.
    [InlineData("abc", "ba ca ab ac", "a")] // The oldest, too.
    [InlineData("abc", "ab", "")] // One way only: who knows whose fault it is.
    [InlineData("abc", "ab ba", "b")] // A broken way between two: the younger.
    [InlineData("abc", "ab ac", "")] // Two that hang must not bring down the third.
    [InlineData("ab", "ab ba", "b")]
    [InlineData("ab", "ab", "")]
    [InlineData("abcde", "ac ad ae bc bd be ca cb da db ea eb", "ab")] // Two cut off from three.
    [InlineData("abcd", "ac ad bc bd ca cb da db", "cd")] // Two from two: the older stay.
    [InlineData("abcd", "ab ba ac ca", "a")] // The one that is in most broken pairs.
    [InlineData("a", "", "")]
    public void Verdict_ByWhoHearsWhom(string silos, string unheard, string condemned) =>
        Assert.Equal(condemned, Names(Verdict.Of(Table(silos, unheard, 2 * s_settling), s_settling)));

    /// <summary>
    /// A is cut off from both and is the oldest: were C slow to notice, B would seem to be the younger of a broken pair.
    /// </summary>
    [Fact]
    public void Verdict_OfHalfThePicture_CondemnsNobody()
    {
        var table = Table("abc", "ab ac ba ca", 2 * s_settling);
        var late = table.Suspicions[3] with { Age = s_settling / 2 };

        Assert.Empty(Verdict.Of(table with { Suspicions = table.Suspicions.SetItem(3, late) }, s_settling));
        Assert.Equal("a", Names(Verdict.Of(table, s_settling)));
    }

    [Fact]
    public void Verdict_WaitsUntilAllHaveNoticed() =>
        Assert.Empty(Verdict.Of(Table("abc", "ab cb ba bc", s_settling - TimeSpan.FromMilliseconds(1)), s_settling));

    [Theory]
    [InlineData(SiloStatus.Dead)]
    [InlineData(SiloStatus.ShuttingDown)]
    public void Verdict_CountsActiveSilosOnly(SiloStatus status)
    {
        var table = Table("abc", "ac bc ca cb", 2 * s_settling);
        table = table with { Silos = table.Silos.SetItem(2, table.Silos[2] with { Status = status }) };

        Assert.Empty(Verdict.Of(table, s_settling));
    }

    /// <param name="unheard">Pairs: the first does not hear the second.</param>
    private static MembershipSnapshot Table(string silos, string unheard, TimeSpan age) =>
        new(1, [.. silos.Select(s => new SiloRecord(Silo(s), "", SiloStatus.Active, TimeSpan.FromSeconds(6)))])
        {
            Suspicions =
            [
                .. unheard.Split(' ', StringSplitOptions.RemoveEmptyEntries)
                    .Select(p => new SuspicionRecord(Silo(p[1]), Silo(p[0]), age)),
            ],
        };

    private static SiloAddress Silo(char name) => new($"{name}", name);

    private static string Names(IEnumerable<SiloAddress> silos) => string.Concat(silos.Select(s => s.Endpoint).Order());
}
