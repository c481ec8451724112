using static Mall.Ledger.CommitOutcome;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

/// <summary>Many rows of one shape in one batch, which stores may write with one statement.</summary>
public abstract partial class StoreContract
{
    private static readonly string?[] s_oddTexts =
    [
        null, "", "'", "\"", "\\", "\\'", "`", "--", "/* */", "?", "@p1", "@hits", "$1", "%_", "{\"a\":[1,null]}", "\r\n\t",
        "\u0001\u001f\u007f", "\u2028\u2029", "é", "漢字", "🛒🛒", " ", "  both sides  ", "NULL", "0", "x'00'",
        new string('ü', 70_000),
    ];

    private static readonly long[] s_extremes =
    [
        0, 1, -1, long.MaxValue, long.MinValue, 1L << 53, (1L << 53) + 1, -(1L << 62) - 1,
    ];

    [Fact]
    public async Task ManyRows_KeepTheirTexts_InsertedUpdatedGuardedAndDeletedTogether()
    {
        var names = Enumerable.Range(0, s_oddTexts.Length).Select(i => $"name {i}").ToList();
        await AllApplied(names.Select((name, i) => Setting(name, s_oddTexts[i])));
        Assert.Equal(s_oddTexts, await TextsOf(names));

        await AllApplied(names.Select((name, i) => SetSetting.With(name, s_oddTexts[^(i + 1)])));
        Assert.Equal(s_oddTexts.Reverse(), await TextsOf(names));

        await AllApplied(names.Select((name, i) => DeleteSetting.With(name, s_oddTexts[^(i + 1)])));
        Assert.Equal(0, await One(Number("select count(*) from settings")));
    }

    [Fact]
    public async Task ManyRows_UnderOddKeys_AreFoundTogether()
    {
        var keys = s_oddTexts.OfType<string>().Where(text => text.Length is > 0 and < 100 && text.TrimEnd() == text).ToList();
        await AllApplied(keys.Select(key => Setting(key, "1")));
        await AllApplied(keys.Select(key => SetSetting.With(key, key)));
        Assert.Equal(keys.Cast<string?>(), await TextsOf(keys));
        await AllApplied(keys.Select(key => DeleteSetting.With(key, key)));

        var outcomes = await ApplyTogether([.. keys.Select(key => new WriteSet(Action(key, key, key), Setting(key, "1")))]);
        Assert.All(outcomes, outcome => Assert.Equal(Applied, outcome));
        outcomes = await ApplyTogether([.. keys.Select(key => new WriteSet(Action(key, key, key), Setting(key, "2")))]);
        Assert.All(outcomes, outcome => Assert.Equal(Duplicate, outcome));
    }

    [Fact]
    public async Task ManyRows_KeepExtremeNumbersAndNulls()
    {
        await AllApplied(s_extremes.Select((number, i) => Order(number, $"g{i}")));
        await AllApplied(s_extremes.Select(number => PayOrder.With(number, 0, Value.Null, number, number, number)));
        Assert.Equal(
            s_extremes.Order(),
            await All(Number("select paid_time from orders where paid_time = status and close_time = id order by id")));
        await AllApplied(s_extremes.Select(number => PayOrder.With(number, number, number, 0, Value.Null, Value.Null)));
        Assert.Equal(s_extremes.Length, await One(Number("select count(*) from orders where paid_time is null and status = 0")));
    }

    [Fact]
    public async Task LosersAmongManyRows_AreEachToldApart()
    {
        await AllApplied(Enumerable.Range(0, 60).Select(i => Setting($"{i}", $"{i}")));
        await AllApplied(Enumerable.Range(0, 60).Select(i => User(i, $"m{i}")));
        await AllApplied(Enumerable.Range(0, 60).Select(i => Order(i, $"g{i}")));

        var outcomes = await ApplyTogether(
        [
            .. Enumerable.Range(0, 60).Select(
                i => new WriteSet(Action($"d{i}"), DeleteSetting.With($"{i}", i % 7 == 0 ? "other" : $"{i}"))),
            .. Enumerable.Range(0, 60).Select(i => new WriteSet(Action($"u{i}"), User(100 + i, i % 11 == 0 ? $"m{i}" : $"n{i}"))),
            .. Enumerable.Range(0, 60).Select(
                i => new WriteSet(Action($"p{i}"), PayOrder.With(i % 13 == 0 ? 1_000 + i : i, 0, Value.Null, 1, 1, 1))),
        ]);

        Assert.Equal(Enumerable.Range(0, 60).Select(i => i % 7 == 0 ? Conflict : Applied), outcomes[..60].Cast<CommitOutcome>());
        Assert.Equal(
            Enumerable.Range(0, 60).Select(i => i % 11 == 0 ? Conflict : Applied), outcomes[60..120].Cast<CommitOutcome>());
        Assert.Equal(
            Enumerable.Range(0, 60).Select(i => i % 13 == 0 ? Conflict : Applied), outcomes[120..].Cast<CommitOutcome>());
        Assert.Equal(
            outcomes.Count(outcome => (CommitOutcome)outcome == Applied), await One(Number("select count(*) from barrier")));
    }

    [Fact]
    public async Task NullCompensation_AmongWritersOfItsRowUnderAStaleEpoch_IsNoConflict()
    {
        Assert.Equal(Applied, await Commit(Product(1, stock: 9, epoch: 2)));
        Assert.Equal(
            [Conflict, NullCompensation, Conflict],
            await ApplyTogether(
                new WriteSet(Action("a"), Take(1, 1)),
                new WriteSet(Compensate("b"), Take(1, -1)),
                new WriteSet(Action("c"), Take(1, 1))));
        Assert.Equal((9, 0), await One(ProductRow, 1));
        Assert.Equal(["01 action 01 compensate", "01 compensate 01 compensate"], await All(BarrierRows, "b"));
    }

    [Fact]
    public async Task TextThatIsNone_AndValuesOfTheWrongType_HarmTheirAuthorAtMost()
    {
        var outcomes = await ApplyTogether(
            new WriteSet(Action("a"), Setting("a", "1")),
            new WriteSet(Action("b"), Setting("b", "half a pair: \ud83d")),
            new WriteSet(Action("c"), Setting("c", "zero: \0")),
            new WriteSet(Action("d \ud83d"), Setting("d", "1")),
            new WriteSet(Action("e"), Settings.Update().Set(SettingValue).With(5, "1")),
            new WriteSet(Action("f"), Setting("f", "1")));

        Assert.Equal((Applied, Applied), (outcomes[0], outcomes[^1]));
        Assert.Equal("1", await One(SettingOf, "a"));
        Assert.Equal("1", await One(SettingOf, "f"));
        Assert.Equal(Applied, await Commit(Action("after"), Setting("after", "1")));
    }

    [Fact]
    public async Task CompensationsOfManyActions_InOneBatch()
    {
        await Commit(Product(1, 1_000));
        await ApplyTogether([.. Enumerable.Range(0, 40).Select(i => new WriteSet(Action($"g{i:00}"), Take(1, 1)))]);
        var outcomes = await ApplyTogether(
            [.. Enumerable.Range(0, 40).Select(i => new WriteSet(Compensate($"g{i:00}"), Take(1, -1)))]);
        Assert.All(outcomes, outcome => Assert.Equal(Applied, outcome));
        outcomes = await ApplyTogether(
            [.. Enumerable.Range(30, 20).Select(i => new WriteSet(Compensate($"g{i:00}"), Take(1, -1)))]);
        Assert.Equal(Enumerable.Range(30, 20).Select(i => i < 40 ? Duplicate : NullCompensation), outcomes.Cast<CommitOutcome>());

        Assert.Equal((1_000, 0), await One(ProductRow, 1));
        Assert.Equal(100, await One(Number("select count(*) from barrier")));
    }

    private async Task AllApplied(IEnumerable<RowChange> changes)
    {
        var outcomes = await ApplyTogether([.. changes.Select(change => new WriteSet(change))]);
        Assert.All(outcomes, outcome => Assert.Equal(Applied, outcome));
    }

    private async Task<List<string?>> TextsOf(List<string> names)
    {
        var texts = new List<string?>();
        foreach (var name in names) texts.Add(await One(SettingOf, name));
        return texts;
    }
}
