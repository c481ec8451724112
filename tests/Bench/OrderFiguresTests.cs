using Mall.Bench.Measuring;
using Mall.Bench.Orders;
using Mall.TestServers;

namespace Mall.Bench.Tests;

/// <summary>What is computed from what callers and processes have measured.</summary>
public sealed class OrderFiguresTests
{
    private static readonly ServerOrders s_orders = new(
        DatabaseKind.Postgres, Silos: [1, 3], Callers: 1, Products: 1, Items: 1, Rounds: 1, BaselineCallers: 1);

    [Fact]
    public void From_SeveralTurns_TakesTheMedianRateAndWhatAllOfThemSpentByOrder()
    {
        var turns = new[] { Turn(orders: 10, seconds: 1), Turn(orders: 40, seconds: 1), Turn(orders: 30, seconds: 2) };

        var figures = TurnFigures.From("3 silos", turns, withMall: true).Metrics;

        Assert.Equal(15, figures[Metric.PerSecond]);
        Assert.Equal((10, 40), (figures[TurnFigures.SlowestTurn], figures[TurnFigures.FastestTurn]));
        Assert.Equal(80, figures[Metric.Operations]);
        Assert.Equal(3 * 800.0 / 80, figures[TurnFigures.CpuOfSilos]);
        Assert.Equal(3 * 160.0 / 80, figures[TurnFigures.CpuOfDoor]);
        Assert.Equal(3 * 960.0 / 80, figures[TurnFigures.CpuOfMall]);
        Assert.Equal(3 * 400.0 / 80, figures[TurnFigures.CpuOfDatabase]);
    }

    [Fact]
    public void From_TurnsOfTheBaseline_SaysNothingOfProcessesOfTheMall()
    {
        var figures = TurnFigures.From("baseline", [Turn(orders: 10, seconds: 1)], withMall: false).Metrics;

        Assert.DoesNotContain(TurnFigures.CpuOfMall, figures.Keys);
        Assert.Equal(40, figures[TurnFigures.CpuOfDatabase]);
    }

    [Fact]
    public void Ratios_ComparesRatesWithTheBaselineAndCostsWithTheFirstMall()
    {
        var ratios = s_orders.Ratios(
            [Measured("1 silo", 600, 50), Measured("3 silos", 500, 70), Measured("plain", 100, 0), Measured("batched", 200, 0)]);

        Assert.Equal(
            [
                ("1 silo to plain", 6), ("1 silo to batched", 3), ("3 silos to plain", 5), ("3 silos to batched", 2.5),
                ("processor time an order, 3 silos to 1 silo", 1.4),
            ],
            ratios.Select(r => (r.Name, r.Metrics[Metric.Ratio])));
    }

    [Fact]
    public void Ratios_WithoutABaseline_ComparesCostsOnly()
    {
        var alone = s_orders with { BaselineCallers = 0 };

        var ratio = Assert.Single(alone.Ratios([Measured("1 silo", 600, 50), Measured("3 silos", 500, 100)]));

        Assert.Equal(2, ratio.Metrics[Metric.Ratio]);
    }

    [Theory]
    [InlineData("1", new[] { 1 })]
    [InlineData("1,3", new[] { 1, 3 })]
    [InlineData("3,1,2", new[] { 3, 1, 2 })]
    public void TryParseCounts_OfDifferentNumbers_ReadsThemInTheirOrder(string text, int[] expected)
    {
        Assert.True(OrdersBenchmark.TryParseCounts(text, out var counts));
        Assert.Equal(expected, counts);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("10")]
    [InlineData("1,")]
    [InlineData("1,1")]
    [InlineData("1 3")]
    [InlineData("three")]
    public void TryParseCounts_OfAnythingElse_SaysNo(string text) => Assert.False(OrdersBenchmark.TryParseCounts(text, out _));

    private static Turn Turn(int orders, double seconds)
    {
        var caller = new Caller(0);
        for (var i = 0; i < orders; i++)
            caller.Succeeded();
        var result = new PhaseResult([caller], TimeSpan.FromSeconds(seconds), Cpu: TimeSpan.Zero, AllocatedBytes: 0);
        return new Turn(
            result, Silos: TimeSpan.FromMicroseconds(800), Door: TimeSpan.FromMicroseconds(160),
            Database: TimeSpan.FromMicroseconds(400));
    }

    private static Measurement Measured(string name, double perSecond, double cpuOfMall) =>
        Measurement.Figure(name, Metric.PerSecond, perSecond).With(TurnFigures.CpuOfMall, cpuOfMall);
}
