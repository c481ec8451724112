namespace Mall.Simulation;

/// <summary>Who there is, and how they behave. Rates are probabilities from 0 to 1.</summary>
/// <param name="ShopperPause">Seconds between two orders of a shopper, on average.</param>
/// <param name="Thought">Seconds until a shopper does something about an order, on average.</param>
/// <param name="RepeatsOld">An order that is repeated long after, under its key.</param>
/// <param name="ReusesKey">Another body under an old key.</param>
public sealed record WorkloadOptions(
    int Shoppers = 16, int Sellers = 2, int Operators = 1, int ProductsASeller = 3, int Stock = 500, double ShopperPause = 12,
    double Thought = 35, double RepeatsOld = 0.06, double ReusesKey = 0.03, double Twice = 0.06, double Rush = 0.3);

internal sealed class Market
{
    private readonly List<Task> _lives = [];

    public Market(Cluster cluster, WorkloadOptions options)
    {
        (Cluster, Options, Journal) = (cluster, options, new Journal(cluster.Database));
        Process = new SimulatedProcess(World, "clients");
        Cluster.Bank = Bank = new Bank(this);
        Begin(Bank.LiveAsync);
        for (var i = 1; i <= options.Sellers; i++) Begin(new Seller(this, i).LiveAsync);
        for (var i = 1; i <= options.Shoppers; i++) Begin(new Shopper(this, i).LiveAsync);
        for (var i = 1; i <= options.Operators; i++) Begin(new Operator(this, i).LiveAsync);
    }

    public Cluster Cluster { get; }
    public WorkloadOptions Options { get; }
    public World World => Cluster.World;
    public Journal Journal { get; }
    public bool IsOpen { get; set; } = true;
    public bool IsOver => _lives.RemoveAll(life => life.IsCompletedSuccessfully) >= 0 && _lives.All(life => life.IsFaulted);
    public Bank Bank { get; }
    public SimulatedProcess Process { get; } // of all clients: nothing ever happens to it
    public List<long> Products { get; } = []; // products that are known to exist
    public Queue<string> Gids { get; } = new(); // orders asked for lately, for operators
    public List<string> Unforeseen { get; } = []; // what the front door would have answered with 500 and a stack trace in the log

    /// <summary>Lives end by themselves; one that fails is a bug of the simulation.</summary>
    public void ThrowIfFailed() => _lives.ForEach(life => life.GetAwaiter().GetResult());
    public void Begin(Func<Task> life) => _lives.Add(Process.Start(life));
}

/// <summary>Looks at sagas, and retries or aborts one now and then, whatever state it is in.</summary>
internal sealed class Operator(Market market, int number) : Client(market, $"operator-{number}")
{
    private static readonly Api.Auth.Caller s_caller = new(1, "operator");

    public override async Task LiveAsync()
    {
        while (Market.IsOpen)
        {
            await PauseAsync(Market.Options.ShopperPause * 3);
            while (Market.Gids.Count > 5) Market.Gids.Dequeue();
            if (!Market.IsOpen || !Market.Gids.TryDequeue(out var gid)) continue;
            await (Chance(0.5)
                ? AskAsync<SagaView>(
                    Asked.Other($"retry of {gid}"), door => door.Sagas.Retry(s_caller, gid, null, door.NewPatience()))
                : AskAsync<SagaView>(Asked.Abort(gid), door => door.Sagas.Abort(s_caller, gid, null, door.NewPatience())));
        }
    }
}
