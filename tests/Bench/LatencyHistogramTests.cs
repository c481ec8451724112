using Mall.Bench.Measuring;

namespace Mall.Bench.Tests;

public sealed class LatencyHistogramTests
{
    [Theory]
    [InlineData(0.0)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    [InlineData(0.99)]
    [InlineData(0.999)]
    [InlineData(1.0)]
    public void Percentile_OfDurationsOfEveryMagnitude_IsNeverBelowTheTruthAndAtMostOneIn128Above(double share)
    {
        var random = new Random(20_10);
        var histogram = new LatencyHistogram();
        var durations = Enumerable.Range(0, 50_000).Select(_ => (long)Math.Pow(2, random.NextDouble() * 40)).Order().ToArray();
        foreach (var duration in durations)
            histogram.Record(duration);

        var truth = durations[Math.Max(1, (int)Math.Ceiling(share * durations.Length)) - 1];

        Assert.InRange(histogram.Percentile(share), truth, truth + (truth / 128));
    }

    [Fact]
    public void Percentile_OfShortDurations_IsExact()
    {
        var histogram = new LatencyHistogram();
        for (var nanoseconds = 1; nanoseconds <= 200; nanoseconds++)
            histogram.Record(nanoseconds);

        Assert.Equal([1, 100, 198, 200], new[] { 0.001, 0.5, 0.99, 1 }.Select(histogram.Percentile));
    }

    [Fact]
    public void Add_OfHistogramsOfSeveralCallers_IsAsIfOneHadRecordedAll()
    {
        var random = new Random(7);
        var all = new LatencyHistogram();
        LatencyHistogram[] callers = [new(), new(), new()];
        for (var i = 0; i < 3000; i++)
        {
            var duration = random.NextInt64(1L << random.Next(1, 40));
            all.Record(duration);
            callers[i % 3].Record(duration);
        }

        var merged = new LatencyHistogram();
        foreach (var caller in callers)
            merged.Add(caller);

        Assert.Equal((all.Count, all.Max, all.Mean), (merged.Count, merged.Max, merged.Mean));
        for (var percent = 0; percent <= 100; percent++)
            Assert.Equal(all.Percentile(percent / 100.0), merged.Percentile(percent / 100.0));
    }

    [Fact]
    public void Record_OfWhatHasNoBucket_CountsAtTheEnds()
    {
        var histogram = new LatencyHistogram();
        histogram.Record(-5);
        histogram.Record(LatencyHistogram.Longest * 3);

        Assert.Equal(2, histogram.Count);
        Assert.Equal(0, histogram.Percentile(0.5));
        Assert.Equal(LatencyHistogram.Longest * 3, histogram.Percentile(1));
    }

    [Fact]
    public void Percentile_OfNothing_IsZero()
    {
        var nothing = new LatencyHistogram();

        Assert.Equal((0L, 0L, 0d), (nothing.Percentile(0.99), nothing.Max, nothing.Mean));
    }
}
