using Mall.Api.Errors;
using Mall.Api.Validation;

namespace Mall.Simulation;

/// <summary>Somebody who asks the mall for something through a front door, and notes what was asked and answered.</summary>
internal abstract class Client(Market market, string name)
{
    private static readonly TimeSpan s_way = TimeSpan.FromMilliseconds(3);

    protected Market Market { get; } = market;

    protected Random Random { get; } = market.World.Random(name);

    protected string Name { get; } = name;

    /// <summary>Does what it does, until the market closes.</summary>
    public abstract Task LiveAsync();

    protected Task PauseAsync(double seconds) =>
        Task.Delay(TimeSpan.FromSeconds(seconds * 2 * Random.NextDouble()), Market.Process.Clock);

    protected bool Chance(double probability) => Random.NextDouble() < probability;

    /// <summary>Asks once and waits for some time.</summary>
    /// <returns>Null: the outcome is not known.</returns>
    protected async Task<Answer?> AskAsync<T>(Asked what, Func<FrontDoor, Task<Result<T>>> ask, TimeSpan? patience = null)
    {
        var entry = Market.Journal.Ask(Name, what, Market.World.UtcNow);
        var door = Market.Cluster.Doors[Random.Next(Market.Cluster.Doors.Count)];
        Market.World.Trace($"{Name} asks {door.Process.Name}: {what.Body} ({what.Key})");
        var heard = new TaskCompletionSource<Answer?>();
        Market.World.Schedule(s_way, () => door.Process.Start(async () =>
        {
            var answer = await ServeAsync(door, ask);
            Market.World.Schedule(s_way, () => heard.TrySetResult(answer), Market.Process);
        }));
        try
        {
            var answer = await heard.Task.WaitAsync(patience ?? TimeSpan.FromSeconds(40), Market.Process.Clock);
            if (answer is null) return null;
            Journal.Hear(entry, answer, Market.World.UtcNow);
            Market.World.Trace($"{Name} hears: {answer}");
            return answer;
        }
        catch (TimeoutException)
        {
            Market.World.Trace($"{Name} waits no longer for {what.Body} ({what.Key})");
            return null;
        }
    }

    /// <summary>Repeats the same request until there is an answer, or it tires of it.</summary>
    protected async Task<Answer?> InsistAsync<T>(Asked what, Func<FrontDoor, Task<Result<T>>> ask, int tries = 20)
    {
        for (var i = 0; i < tries && (i == 0 || Market.IsOpen || tries > 20); i++)
        {
            if (await AskAsync(what, ask, TimeSpan.FromSeconds(Chance(0.2) ? 2 : 40)) is { } answer) return answer;
            await PauseAsync(1);
        }

        return null;
    }

    /// <summary>As the front door answers: what it calls 5xx or 429 is no answer.</summary>
    private async Task<Answer?> ServeAsync<T>(FrontDoor door, Func<FrontDoor, Task<Result<T>>> ask)
    {
        try
        {
            return Answer.Of(await ask(door));
        }
        catch (ProblemException refused)
        {
            return new Answer(refused.Problem.Kind.Code, refused.Message);
        }
        catch (Exception failure)
        {
            var isForeseen = failure is StorageUnavailableException or TooBusyException or TimeoutException
                || failure.LostItsGrain() || failure is LimitExceededException;
            Market.Cluster.Tally.Count(isForeseen ? $"answered 503: {failure.GetType().Name}" : "answered 500");
            if (!isForeseen) Market.NoteUnforeseen(failure);
            door.Process.Trace($"answers {(isForeseen ? 503 : 500)}: {failure.GetType().Name} {failure.Message}");
            return null;
        }
    }
}
