namespace Mall.Bench.Tests;

public sealed class OptionTests
{
    [Theory]
    [InlineData("10s", 10_000)]
    [InlineData("2.5", 2_500)]
    [InlineData("500ms", 500)]
    [InlineData("2m", 120_000)]
    [InlineData("0", 0)]
    public void TryParseTime_OfALengthOfTime_ReadsItsUnit(string text, int milliseconds)
    {
        Assert.True(RunOptions.TryParseTime(text, out var time));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), time);
    }

    [Theory]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("1h")]
    [InlineData("1e3")]
    [InlineData("99999999999999999")]
    public void TryParseTime_OfAnythingElse_SaysNo(string text) => Assert.False(RunOptions.TryParseTime(text, out _));
}
