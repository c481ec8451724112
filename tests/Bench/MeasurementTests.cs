using Mall.Bench.Hosting;
using Mall.Bench.Measuring;
using Mall.Bench.Orders;
using Mall.Bench.Reporting;

namespace Mall.Bench.Tests;

/// <summary>What is computed from what callers and processes have measured.</summary>
public sealed class MeasurementTests
{
    [Fact]
    public void Of_SeveralTurns_TakesTheMedianRateAndWhatAllOfThemSpentByOperation()
    {
        var turns = new[] { Turn(10, seconds: 1), Turn(40, seconds: 1), Turn(30, seconds: 2, "300002", "300002", "100006") };

        var measured = Measurement.Of("1 silo", turns);

        Assert.Equal(15, measured.Metrics[Metric.PerSecond]);
        Assert.Equal((10, 40), (measured.Metrics[Metric.SlowestTurn], measured.Metrics[Metric.FastestTurn]));
        Assert.Equal((80, 3), (measured.Metrics[Metric.Operations], measured.Metrics[Metric.Errors]));
        Assert.Equal((2, 1), (measured.Errors["300002"], measured.Errors["100006"]));
        Assert.Equal(3 * 830.0 / 83, measured.Metrics[Metric.CpuOfMall]);
    }

    [Fact]
    public void WithRatios_OfTwoBuilds_DividesEachFigureByTheOtherBuilds()
    {
        var ratio = MallBuild.WithRatios([Measured("a (versus)", 200, 50), Measured("a", 300, 25), Measured("b", 1, 1)],
            Metric.PerSecond, Metric.CpuOfMall, Metric.P99).Last();

        Assert.Equal("a : a (versus)", ratio.Name);
        Assert.Equal((1.5, 0.5, 2), (ratio.Metrics["perSecondRatio"], ratio.Metrics["cpuOfMallUsRatio"], ratio.Metrics.Count));
    }

    [Fact]
    public void Compare_OfMallsAndBaselines_ComparesRatesWithBaselinesAndCostsWithTheFirstMall()
    {
        var compared = OrdersBenchmark.Compare(
            [Measured("1 silo", 600, 50), Measured("3 silos", 500, 70), Measured("plain", 100, 0), Measured("batched", 200, 0)],
            malls: 2);

        Assert.Equal(
            [
                ("1 silo : plain", 6), ("1 silo : batched", 3), ("3 silos : plain", 5), ("3 silos : batched", 2.5),
                ("3 silos : 1 silo", 1.4),
            ],
            compared.Skip(4).Select(r => (r.Name, r.Metrics.Values.Single())));
    }

    [Fact]
    public void Compare_OfTwoBuilds_SaysOnceWhatTheyCost() =>
        Assert.Single(OrdersBenchmark.Compare([Measured("1 silo (versus)", 600, 50), Measured("1 silo", 500, 70)], malls: 2),
            ratio => ratio.Name == "1 silo : 1 silo (versus)");

    [Theory]
    [InlineData(new[] { 3.0, 1, 2 }, 2)]
    [InlineData(new[] { 1.0, 100, 2, 4 }, 3)]
    public void Median_OfValues_IsTheMiddleOrBetweenTheMiddleTwo(double[] values, double expected) =>
        Assert.Equal(expected, Measurement.Median(values));

    [Fact]
    public void FromJson_OfWhatToJsonWrote_IsTheSameReport()
    {
        var written = new Report("orders", "none", "2 cores", [Measurement.Of("grain", [Turn(3, 2, "100005")])]);

        var read = Report.FromJson(written.ToJson());

        Assert.Equal((written.Command, written.Durability, written.Machine), (read.Command, read.Durability, read.Machine));
        Assert.Equal(written.Measurements[0].Metrics, read.Measurements[0].Metrics);
        Assert.Equal(written.Measurements[0].Errors, read.Measurements[0].Errors);
    }

    private static Turn Turn(int successes, double seconds, params string[] errors)
    {
        var caller = new Caller(0);
        for (var i = 0; i < successes; i++)
            caller.Ended(null);
        Array.ForEach(errors, caller.Ended);
        var spent = new Dictionary<string, TimeSpan> { [Metric.CpuOfMall] = TimeSpan.FromMicroseconds(830) };
        return new Turn([caller], TimeSpan.FromSeconds(seconds), spent);
    }

    private static Measurement Measured(string name, double perSecond, double cpuOfMall) => Measurement.Figures(
        name, new Dictionary<string, double> { [Metric.PerSecond] = perSecond, [Metric.CpuOfMall] = cpuOfMall });
}
