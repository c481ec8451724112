using Mall.Ledger;
using Mall.Ledger.Stores;

namespace Mall.TestFaults;

/// <summary>
/// A store that fails: by chance from a seed, or where a script says. For tests and drills. What it lets through goes to the real
/// store, and what it says about a failed commit is true, as a real database's answer would be.
/// </summary>
/// <param name="inner">The real store; disposed of together with this.</param>
/// <param name="options">What happens by chance.</param>
/// <param name="time">For delays.</param>
public sealed class FaultyStore(IStore inner, FaultOptions options, TimeProvider time) : IStore
{
    private readonly Lock _gate = new();
    private readonly Random _random = new(options.Seed);
    private readonly List<(Predicate<WriteSet> When, FaultPoint Point)> _script = [];
    private readonly List<(string Sql, Func<Task> Happening)> _interludes = [];

    /// <summary>While true, nothing reaches the database.</summary>
    public bool IsDown { get; set; }

    /// <summary>While true, faults happen by chance; turn it off to see everything settle. Default: true.</summary>
    public bool IsRandom { get; set; } = true;

    /// <summary>How many faults there have been.</summary>
    public int Faults { get; private set; }

    /// <inheritdoc/>
    public TaskScheduler Scheduler => inner.Scheduler;

    /// <summary>Makes the next batch that contains such a write set fail, once.</summary>
    public void FailNext(FaultPoint point, Predicate<WriteSet>? when = null)
    {
        lock (_gate) _script.Add((when ?? (static _ => true), point));
    }

    /// <summary>Has something happen before the next query whose SQL contains this, or before <c>ids of ...</c>, once.</summary>
    public void BeforeNext(string sql, Func<Task> happening)
    {
        lock (_gate) _interludes.Add((sql, happening));
    }

    /// <inheritdoc/>
    public Task OpenAsync(CancellationToken cancellationToken) => inner.OpenAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask ApplyAsync(Batch batch)
    {
        await DelayAsync();
        var point = NextFault(batch);
        if (point is FaultPoint.BeforeTransaction || IsDown)
            throw Failure(StoreFailure.NothingHappened, "before the transaction");
        if (point is FaultPoint.BeforeCommit) throw Failure(StoreFailure.OutcomeUnknown, "before the commit");
        await inner.ApplyAsync(batch);
        if (point is FaultPoint.AfterCommit) throw Failure(StoreFailure.OutcomeUnknown, "after the commit");
    }

    /// <inheritdoc/>
    public async ValueTask<bool> HasCommittedAsync(string committer, long number)
    {
        await DelayAsync();
        if (IsDown || Happens(options.ReadBack)) throw Failure(StoreFailure.OutcomeUnknown, "reading back");
        return await inner.HasCommittedAsync(committer, number);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<T>> QueryAsync<T>(Query<T> query, Value[] parameters, CancellationToken cancellationToken)
    {
        if (NextInterlude(query.Sql) is { } happening) await happening();
        await DisturbAsync();
        return await inner.QueryAsync(query, parameters, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<long> SettledAsync(CancellationToken cancellationToken)
    {
        await DisturbAsync();
        return await inner.SettledAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<DateTimeOffset?> NowAsync(CancellationToken cancellationToken)
    {
        await DisturbAsync();
        return await inner.NowAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<long> ReserveIdsAsync(string sequence, int count)
    {
        if (NextInterlude($"ids of {sequence}") is { } happening) await happening();
        await DisturbAsync();
        return await inner.ReserveIdsAsync(sequence, count);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<T>> PickAsync<T>(Pick<T> pick)
    {
        await DisturbAsync();
        return await inner.PickAsync(pick);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private FaultPoint? NextFault(Batch batch)
    {
        lock (_gate)
        {
            for (var i = 0; i < _script.Count; i++)
            {
                var (when, point) = _script[i];
                if (!Enumerable.Range(0, batch.Count).Any(j => when(batch[j]))) continue;
                _script.RemoveAt(i);
                return point;
            }

            if (!IsRandom) return null;
            var draw = _random.NextDouble();
            if ((draw -= options.BeforeTransaction) < 0) return FaultPoint.BeforeTransaction;
            if ((draw -= options.BeforeCommit) < 0) return FaultPoint.BeforeCommit;
            return draw < options.AfterCommit ? FaultPoint.AfterCommit : null;
        }
    }

    private Func<Task>? NextInterlude(string sql)
    {
        lock (_gate)
        {
            var next = _interludes.FindIndex(interlude => sql.Contains(interlude.Sql, StringComparison.Ordinal));
            if (next < 0) return null;
            var happening = _interludes[next].Happening;
            _interludes.RemoveAt(next);
            return happening;
        }
    }

    private async Task DisturbAsync()
    {
        await DelayAsync();
        if (!IsDown && !Happens(options.Other)) return;
        lock (_gate) Faults++;
        throw new LedgerUnavailableException("Injected: the database is not reached.");
    }

    private async ValueTask DelayAsync()
    {
        if (!Happens(options.Delay)) return;
        double part;
        lock (_gate) part = _random.NextDouble();
        await Task.Delay(options.LongestDelay * part, time);
    }

    private bool Happens(double probability)
    {
        if (!IsRandom || probability == 0) return false;
        lock (_gate) return _random.NextDouble() < probability;
    }

    private StoreException Failure(StoreFailure failure, string where)
    {
        lock (_gate) Faults++;
        return new StoreException(failure, $"Injected {where}.");
    }
}
