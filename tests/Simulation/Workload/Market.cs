namespace Mall.Simulation;

/// <summary>Everybody who uses the mall, and what they know of it.</summary>
internal sealed class Market
{
    private readonly List<Task> _lives = [];

    public Market(Cluster cluster, WorkloadOptions options)
    {
        (Cluster, Options) = (cluster, options);
        Process = new SimulatedProcess(World, "clients");
        for (var i = 1; i <= options.Sellers; i++) Begin(new Seller(this, i));
        for (var i = 1; i <= options.Shoppers; i++) Begin(new Shopper(this, i));
        for (var i = 1; i <= options.Operators; i++) Begin(new Operator(this, i));
    }

    public Cluster Cluster { get; }

    public WorkloadOptions Options { get; }

    public World World => Cluster.World;

    /// <summary>Of all clients: nothing ever happens to it.</summary>
    public SimulatedProcess Process { get; }

    public Journal Journal { get; } = new();

    /// <summary>Products that are known to exist.</summary>
    public List<long> Products { get; } = [];

    /// <summary>Orders asked for lately, for operators.</summary>
    public Queue<string> Gids { get; } = new();

    public bool IsOpen { get; set; } = true;

    public bool IsOver => _lives.TrueForAll(life => life.IsCompleted);

    /// <summary>What the front door would have answered with 500 and a stack trace in the log.</summary>
    public List<string> Unforeseen { get; } = [];

    public void NoteUnforeseen(Exception failure) => Unforeseen.Add($"{failure.GetType().Name}: {failure.Message}");

    /// <summary>Lives end by themselves; one that fails is a bug of the simulation.</summary>
    public void ThrowIfFailed()
    {
        foreach (var life in _lives) life.GetAwaiter().GetResult();
    }

    private void Begin(Client client) => _lives.Add(Process.Start(client.LiveAsync));
}

/// <summary>Who there is, and how they behave. Rates are probabilities from 0 to 1.</summary>
public sealed record WorkloadOptions
{
    public int Shoppers { get; init; } = 16;

    public int Sellers { get; init; } = 2;

    public int Operators { get; init; } = 1;

    public int ProductsASeller { get; init; } = 3;

    /// <summary>At the beginning, up to so many.</summary>
    public int Stock { get; init; } = 500;

    /// <summary>Seconds between two orders of a shopper, on average.</summary>
    public double ShopperPause { get; init; } = 12;

    /// <summary>An order that is repeated long after, under its key.</summary>
    public double RepeatsOld { get; init; } = 0.06;

    /// <summary>Another body under an old key.</summary>
    public double ReusesKey { get; init; } = 0.03;

    /// <summary>The same request twice at once.</summary>
    public double Twice { get; init; } = 0.06;

    /// <summary>Everybody wants the first product.</summary>
    public double Rush { get; init; } = 0.3;
}
