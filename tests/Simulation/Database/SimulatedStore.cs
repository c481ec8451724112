namespace Mall.Simulation;

/// <summary>One silo's way to the <see cref="SimulatedDatabase"/>.</summary>
/// <param name="silo">Whose store it is; no two runs of a silo have one name.</param>
public sealed class SimulatedStore(SimulatedDatabase database, string silo, TaskScheduler scheduler, TimeProvider clock) : IStore
{
    private static readonly TimeSpan s_commandTimeout = TimeSpan.FromSeconds(10);

    public TaskScheduler Scheduler => scheduler;
    public string Silo => silo;
    public Action<TimeSpan>? Freeze { get; set; } // the process, amid a transaction; null: only the transaction stands still
    public Task OpenAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async ValueTask ApplyAsync(Batch batch)
    {
        var transaction = database.Send(batch, silo);
        if (!transaction.CommitSent.Task.IsCompleted)
        {
            await HearAsync(transaction.Written.Task, StoreFailure.NothingHappened);
            if (database.IsToFreeze(silo) is { } time)
            {
                Freeze?.Invoke(time);
                await Task.Delay(Freeze is null ? time : TimeSpan.FromMilliseconds(1), clock); // A frozen one's timers wait, too.
            }

            transaction.CommitSent.SetResult();
        }

        await HearAsync(transaction.Answer, StoreFailure.OutcomeUnknown);
    }

    public ValueTask<bool> HasCommittedAsync(string committer, long number) =>
        new(InTimeAsync(database.HasCommittedAsync(committer, number), Failure(StoreFailure.OutcomeUnknown)));

    public Task<IReadOnlyList<T>> QueryAsync<T>(Query<T> query, Value[] parameters, CancellationToken cancellationToken) =>
        StorableValues.FaultOf(parameters) is { } impossible
            ? Task.FromException<IReadOnlyList<T>>(impossible) : AskAsync(() => database.Read(query, parameters));

    // The writer below writes one batch after the other.
    public Task<long> SettledAsync(CancellationToken cancellationToken) => AskAsync(() => long.MaxValue);
    public Task<DateTimeOffset?> NowAsync(CancellationToken cancellationToken) => AskAsync<DateTimeOffset?>(() => database.Now);
    public Task<long> ReserveIdsAsync(string sequence, int count) =>
        AskAsync(() => database.Read(new Statement<long>(ShortQueries.ReserveIds, sequence, count))[0]);
    public Task<IReadOnlyList<T>> PickAsync<T>(Pick<T> pick) => AskAsync(() => database.Pick(pick));

    public ValueTask DisposeAsync()
    {
        database.Abandon(silo);
        return default;
    }

    private Task<T> AskAsync<T>(Func<T> statement) => InTimeAsync(
        database.AskAsync(statement), new LedgerUnavailableException("The database cannot be used now: it does not answer."));

    private async Task HearAsync(Task<StoreException?> answer, StoreFailure otherwise) =>
        _ = await InTimeAsync(answer, Failure(otherwise)) is { } failure ? throw failure : true;

    private async Task<T> InTimeAsync<T>(Task<T> answer, Exception otherwise)
    {
        try
        {
            return await answer.WaitAsync(s_commandTimeout, clock);
        }
        catch (TimeoutException)
        {
            throw otherwise;
        }
    }

    private static StoreException Failure(StoreFailure known) => new(known, "the database does not answer");
}

/// <summary>The row locks of a database, which last until the end of the transaction. Who waits for one keeps those that it has,
/// as on a real server: so one locked row can hold up others.</summary>
internal sealed class RowLocks
{
    private readonly Dictionary<string, Queue<TaskCompletionSource>> _held = []; // and who waits for each, in turn

    public static string Row(string table, params object[] key) => $"{table}\0{string.Join('\0', key)}";
    public IEnumerable<string> HeldOf(string table) =>
        from key in _held.Keys where key.StartsWith(table + '\0', StringComparison.Ordinal) select key[(table.Length + 1)..];

    /// <returns>Completes when the caller holds it. Whoever waits no longer cancels it.</returns>
    public TaskCompletionSource Take(string key)
    {
        var turn = new TaskCompletionSource();
        if (_held.TryGetValue(key, out var waiting)) waiting.Enqueue(turn);
        else turn.SetResult();
        _held.TryAdd(key, new());
        return turn;
    }

    public void Release(string key)
    {
        while (_held[key].TryDequeue(out var next))
            if (next.TrySetResult()) return;
        _held.Remove(key);
    }
}
