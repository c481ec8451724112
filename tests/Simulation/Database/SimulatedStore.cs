using Mall.Ledger;
using Mall.Ledger.Stores;

namespace Mall.Simulation;

/// <summary>One silo's way to the <see cref="SimulatedDatabase"/>.</summary>
/// <param name="database">Shared by all silos; it outlives them.</param>
/// <param name="silo">Whose store it is.</param>
/// <param name="scheduler">The silo's, for what is nobody's activation: the committer runs there.</param>
/// <param name="clock">The silo's: how long it waits for an answer.</param>
public sealed class SimulatedStore(SimulatedDatabase database, string silo, TaskScheduler scheduler, TimeProvider clock) : IStore
{
    public TaskScheduler Scheduler => scheduler;

    public string Silo => silo;

    public SimulatedDatabase Database => database;

    /// <summary>Freezes the process for so long, amid a transaction. Null: only the transaction stands still.</summary>
    public Action<TimeSpan>? Freeze { get; set; }

    public Task OpenAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async ValueTask ApplyAsync(Batch batch)
    {
        var atOnce = !database.Happens(database.Options.SeveralTrips);
        var transaction = database.Send(batch, this, atOnce);
        if (!atOnce)
        {
            await AnswerAsync(transaction.Written, StoreFailure.NothingHappened);
            if (database.Happens(database.Options.Frozen)) await StandStillAsync();
            database.SendCommit(transaction);
        }

        await AnswerAsync(transaction.Answer, StoreFailure.OutcomeUnknown);
    }

    public async ValueTask<bool> HasCommittedAsync(string committer, long number)
    {
        var answer = database.ReadBackAsync(committer, number);
        await AnswerAsync(answer, StoreFailure.OutcomeUnknown);
        return await answer;
    }

    public Task<IReadOnlyList<T>> QueryAsync<T>(Query<T> query, Value[] parameters, CancellationToken cancellationToken) =>
        StorableValues.FaultOf(parameters) is { } impossible
            ? Task.FromException<IReadOnlyList<T>>(impossible)
            : AskAsync(() => database.Execute(query, parameters));

    // The writer below writes one batch after the other.
    public Task<long> SettledAsync(CancellationToken cancellationToken) => AskAsync(() => long.MaxValue);

    public Task<DateTimeOffset?> NowAsync(CancellationToken cancellationToken) => AskAsync<DateTimeOffset?>(() => database.Now);

    public Task<long> ReserveIdsAsync(string sequence, int count) =>
        OnScheduler(() => database.ReserveIds(sequence, count));

    public Task ReturnIdsAsync(string sequence, long first, long end) =>
        OnScheduler(() => database.Execute(ShortQueries.ReturnIds(sequence, first, end)));

    public Task<IReadOnlyList<DueItem>> ClaimAsync(DueClaim claim) => OnScheduler(() => database.Claim(null, claim));

    public Task<IReadOnlyList<DueItem>> ClaimAsync(DueColumn column, DueClaim claim) =>
        OnScheduler(() => database.Claim(column, claim));

    public Task<int> CleanUpAsync(DateTimeOffset before, int limit) => OnScheduler(() => database.CleanUp(before, limit));

    /// <summary>As the end of the process: its sessions end, except for what had been sent.</summary>
    public void Crash() => database.Abandon(this);

    public ValueTask DisposeAsync()
    {
        Crash();
        return ValueTask.CompletedTask;
    }

    // Ids that one grain asks for are waited for by others: not on its scheduler.
    private Task<T> OnScheduler<T>(Func<T> statement) => Task.Factory.StartNew(
        () => AskAsync(statement), CancellationToken.None, TaskCreationOptions.DenyChildAttach, scheduler).Unwrap();

    private async Task<T> AskAsync<T>(Func<T> statement)
    {
        try
        {
            return await database.AskAsync(statement).WaitAsync(database.Options.CommandTimeout, clock);
        }
        catch (TimeoutException)
        {
            throw new LedgerUnavailableException("The database cannot be used now: it does not answer.");
        }
    }

    private async Task AnswerAsync(Task answer, StoreFailure otherwise)
    {
        try
        {
            await answer.WaitAsync(database.Options.CommandTimeout, clock);
        }
        catch (TimeoutException)
        {
            throw new StoreException(otherwise, "the database does not answer");
        }
    }

    private async Task StandStillAsync()
    {
        var time = database.Draw(database.Options.LongestFreeze);
        database.Note("silo frozen in its transaction", $"{silo}, {time.TotalSeconds:0.0} s");
        Freeze?.Invoke(time);
        await Task.Delay(Freeze is null ? time : TimeSpan.FromTicks(1), clock); // A frozen process's timers wait, too.
    }
}
