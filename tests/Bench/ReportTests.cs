using Mall.Bench.Measuring;
using Mall.Bench.Reporting;

namespace Mall.Bench.Tests;

public sealed class ReportTests
{
    [Fact]
    public void MedianOf_SeveralProcesses_TakesTheMedianOfEachFigureAndKeepsTheRuns()
    {
        var report = Report.MedianOf([Run(300, "300002", 1), Run(100, "300002", 2), Run(200, "100006", 4)]);

        var measurement = Assert.Single(report.Measurements);
        Assert.Equal(200, measurement.Metrics[Metric.PerSecond]);
        Assert.Equal((100, 300), report.Range("grain", Metric.PerSecond));
        Assert.Equal(3, measurement.Errors["300002"]);
        Assert.Equal(4, measurement.Errors["100006"]);
        Assert.Equal(3, report.Runs!.Count);
    }

    [Fact]
    public void MedianOf_AnEvenNumberOfProcesses_IsBetweenTheMiddleTwo()
    {
        var report = Report.MedianOf([Run(1, "x", 0), Run(2, "x", 0), Run(4, "x", 0), Run(100, "x", 0)]);

        Assert.Equal(3, report.Measurements[0].Metrics[Metric.PerSecond]);
    }

    [Fact]
    public void FromJson_OfWhatToJsonWrote_IsTheSameReport()
    {
        var written = Run(1.5, "100005", 3);

        var read = Report.FromJson(written.ToJson());

        Assert.Equal((written.Command, written.Durability, written.Machine), (read.Command, read.Durability, read.Machine));
        Assert.Equal(written.Measurements[0].Metrics, read.Measurements[0].Metrics);
        Assert.Equal(written.Measurements[0].Errors, read.Measurements[0].Errors);
        Assert.Null(read.Runs);
    }

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

    static Report Run(double perSecond, string code, long errors) => new(
        "orders", "none", new Machine(2, "cpu", 1, "os", ".NET", "server"),
        [
            new Measurement(
                "grain",
                new Dictionary<string, double> { [Metric.PerSecond] = perSecond },
                new Dictionary<string, long> { [code] = errors }),
        ]);
}
