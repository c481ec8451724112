using System.Diagnostics.Metrics;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

public sealed class LedgerMetricsTests
{
    [Fact]
    public void Meter_CountsWriteSetsByOutcome_AndMeasuresBatches()
    {
        var mall = new SimulatedLedger(1);
        var counts = new Dictionary<string, double>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == LedgerMetrics.MeterName) self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Count(instrument, tags, value));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Count(instrument, tags, value));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Count(instrument, tags, 1));
        listener.Start();

        // Other tests' ledgers have meters of the same name, so the numbers are lower bounds.
        mall.Run(async () =>
        {
            await mall.Commit(Product(1, 5));
            for (var i = 0; i < 3; i++)
                await mall.Ledger.CommitAsync(new WriteSet(Action("g"), Take(1, 1)));
            await mall.Commit(Take(1, 100));
        });

        Assert.True(counts["ledger.write_sets Applied"] >= 2);
        Assert.True(counts["ledger.write_sets Duplicate"] >= 2);
        Assert.True(counts["ledger.write_sets Conflict"] >= 1);
        Assert.True(counts["ledger.batch.size "] >= 5);
        Assert.True(counts["ledger.commit.duration "] >= 5);

        void Count(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags, double value)
        {
            var name = $"{instrument.Name} {(tags.Length > 0 ? tags[0].Value : "")}";
            lock (counts) counts[name] = counts.GetValueOrDefault(name) + value;
        }
    }
}
