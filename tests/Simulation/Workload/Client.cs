namespace Mall.Simulation;

/// <summary>Somebody who asks the mall for something through a front door, and notes what was asked and answered.</summary>
internal abstract class Client(Market market, string name)
{
    protected const int ForEver = 100; // times, while the market is closed, too
    protected static readonly TimeSpan Way = TimeSpan.FromMilliseconds(3);

    protected Market Market => market;
    protected string Name => name;
    protected Random Random { get; } = market.World.Random(name);
    protected Caller Caller { get; private set; } = new(0, Roles.User); // who it is, once it has registered

    public abstract Task LiveAsync(); // until the market closes

    protected Task PauseAsync(double seconds) =>
        Task.Delay(TimeSpan.FromSeconds(seconds * 2 * Random.NextDouble()), Market.Process.Clock);
    protected bool Chance(double probability) => Random.NextDouble() < probability;
    protected T Any<T>(IReadOnlyList<T> all) => all[Random.Next(all.Count)];

    /// <summary>Becomes a user. Not through the real desk, which hashes passwords on threads of its own.</summary>
    protected async Task<bool> RegisterAsync(string mobile)
    {
        var gid = Gids.FromKey("user", 0, mobile);
        var command = new RegisterUser(new NewUser(mobile, "hash", mobile, "", Roles.User), $"register {mobile}");
        var user = await NeedAsync(Asked.Registration(gid, mobile), door => door.NewPatience().Insist(
            () => door.GetGrain<IRegistrationSagaGrain>(gid).Register(command), makes: true));
        Caller = new Caller(user?.Id ?? 0, Roles.User);
        return user is not null;
    }

    protected async Task<T?> NeedAsync<T>(Asked what, Func<FrontDoor, Task<Result<T>>> ask) where T : class =>
        (await InsistAsync(what, ask, ForEver))?.Value as T;

    /// <summary>Repeats the same request until there is an answer, or it tires of it.</summary>
    protected async Task<Answer?> InsistAsync<T>(Asked what, Func<FrontDoor, Task<Result<T>>> ask, int tries)
    {
        for (var i = 1; ; i++)
        {
            if (await AskAsync(what, ask, isHasty: Chance(0.2)) is { } answer) return answer;
            if (i >= tries || !(Market.IsOpen || tries == ForEver)) return null;
            await PauseAsync(1);
        }
    }

    /// <summary>Asks once and waits for some time.</summary>
    /// <returns>Null: the outcome is not known.</returns>
    protected async Task<Answer?> AskAsync<T>(Asked what, Func<FrontDoor, Task<Result<T>>> ask, bool isHasty = false)
    {
        var number = Market.Journal.Ask(name, what, Market.World.UtcNow);
        var door = Any(Market.Cluster.Doors);
        Market.World.Trace($"{name} asks {door.Process.Name}: {what.Body} ({what.Key})");
        var heard = new TaskCompletionSource<Answer?>();
        Market.World.Schedule(Way, () => door.Process.Start(async () =>
        {
            var answer = await ServeAsync(door, ask);
            Market.World.Schedule(Way, () => heard.TrySetResult(answer), Market.Process);
        }));
        try
        {
            var answer = await heard.Task.WaitAsync(TimeSpan.FromSeconds(isHasty ? 2 : 40), Market.Process.Clock);
            if (answer is not null) Market.Journal.Hear(number, answer, Market.World.UtcNow);
            Market.World.Trace($"{name} hears of {what.Body}: {answer}");
            return answer;
        }
        catch (TimeoutException)
        {
            Market.World.Trace($"{name} waits no longer for {what.Body}");
            return null;
        }
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
            var isForeseen = failure.LostItsGrain() || failure
                is StorageUnavailableException or TooBusyException or TimeoutException or LimitExceededException;
            Market.Cluster.Counts.Note(isForeseen ? $"answered 503: {failure.GetType().Name}" : "answered 500");
            if (!isForeseen) Market.Unforeseen.Add($"{failure.GetType().Name}: {failure.Message}");
            door.Process.Trace($"answers {(isForeseen ? 503 : 500)}: {failure.GetType().Name} {failure.Message}");
            return null;
        }
    }
}
