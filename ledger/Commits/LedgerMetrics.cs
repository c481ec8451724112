namespace Mall.Ledger;

/// <summary>What the ledger tells of itself, in the mall's meter.</summary>
public sealed class LedgerMetrics(Meter meter) : IDisposable
{
    public const string MeterName = "mall";

    private readonly Histogram<int> _batchSize =
        meter.CreateHistogram<int>("ledger.batch.size", "{write_set}", "Write sets in a committed batch.");
    private readonly Histogram<double> _commitDuration =
        meter.CreateHistogram<double>("ledger.commit.duration", "s", "From taking a batch to its commit.");
    private readonly Counter<long> _writeSets =
        meter.CreateCounter<long>("ledger.write_sets", "{write_set}", "Write sets answered, by outcome.");
    private readonly Counter<long> _failures =
        meter.CreateCounter<long>("ledger.failures", "{failure}", "Failures of the database, by what was known after.");
    private readonly Counter<long> _splits =
        meter.CreateCounter<long>("ledger.splits", "{batch}", "Batches that were refused and written in halves.");
    private readonly Counter<long> _due =
        meter.CreateCounter<long>("ledger.due", "{item}", "Due work handled, by kind and result.");
    private readonly Counter<long> _cleaned = meter.CreateCounter<long>("ledger.cleaned", "{row}", "Old rows removed, by table.");

    // One tag an outcome, made once: none is allocated for each batch.
    private readonly KeyValuePair<string, object?>[] _outcomes =
        [.. Enum.GetNames<CommitOutcome>().Append("Fault").Select(name => new KeyValuePair<string, object?>("outcome", name))];

    public LedgerMetrics(IMeterFactory? factory = null)
        : this(factory?.Create(new MeterOptions(MeterName)) ?? new Meter(MeterName))
    {
    }

    public void WatchQueue(Func<int> length) =>
        meter.CreateObservableGauge("ledger.queue.length", length, "{write_set}", "Write sets without an answer yet.");

    public void Committed(int size, TimeSpan duration)
    {
        _batchSize.Record(size);
        _commitDuration.Record(duration.TotalSeconds);
    }

    internal void Settled(IReadOnlyList<PendingCommit> answered)
    {
        if (!_writeSets.Enabled) return;
        Span<int> counts = stackalloc int[_outcomes.Length];
        foreach (var one in answered) counts[one.Fault is null ? (int)one.Outcome : counts.Length - 1]++;
        for (var i = 0; i < counts.Length; i++)
            if (counts[i] > 0) _writeSets.Add(counts[i], _outcomes[i]);
    }

    public void Failed(StoreFailure failure) => _failures.Add(1, new KeyValuePair<string, object?>("known", failure.ToString()));

    public void Split() => _splits.Add(1);

    public void Handled(string kind, bool succeeded) =>
        _due.Add(1, new("kind", kind), new("result", succeeded ? "done" : "failed"));

    public void Cleaned(string table, int rows) => _cleaned.Add(rows, new KeyValuePair<string, object?>("table", table));

    public void Dispose() => meter.Dispose();
}
