using System.Collections.Concurrent;
using System.Data.Common;
using Mall.TestServers;
using Mall.TestServers.Networks;
using Mall.Tests.Installations;

namespace Mall.Tests.Chaos;

/// <summary>
/// A mall of several processes on a database server of its own: silos that hold no door, and front doors that hold no grain.
/// </summary>
public sealed class ClusterInstallation : IPremises, IAsyncDisposable
{
    private const string DatabaseName = "mall";
    private const string VotedDead = "I have been told I am dead"; // In Orleans' words.
    private const int MustRestart = 75;
    private const int CouldNotStart = 1;
    private const long Plenty = 10_000_000;
    private const int Products = 12;
    private static readonly TimeSpan s_startsWithin = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(7);
    private static readonly TimeSpan s_looksEvery = TimeSpan.FromMilliseconds(50);

    private readonly DirectoryInfo _folder = TestFolder.Create("mall-test-");
    private readonly SiloProcess?[] _silos;
    private readonly List<SiloProcess> _all = [];
    private readonly ConcurrentQueue<(int, string)> _revived = [];
    private readonly (Uri Address, SiloProcess Process)[] _doors;
    private readonly Uri[] _managers;
    private readonly Sites? _sites;
    private readonly string[] _settings;
    private readonly string[] _gateways;
    private readonly CancellationTokenSource _closing = new();
    private Task _supervision = Task.CompletedTask;
    private int _asked;

    private ClusterInstallation(DatabaseServer server, int silos, int frontDoors, Sites? sites, string[] settings)
    {
        _settings = settings;
        Server = server;
        _sites = sites;
        _silos = new SiloProcess?[silos];
        (_doors, _managers) = (new (Uri, SiloProcess)[frontDoors], new Uri[frontDoors]);
        Endpoints = [.. Enumerable.Range(0, silos).Select(i => $"{HostOf(sites?.Silos[i])}:{FreePorts.Take()}")];
        _gateways = [.. Endpoints.Select(e => $"{e.Split(':')[0]}:{FreePorts.Take()}")];
        BackDoors = [.. Endpoints.Select(e => $"{e.Split(':')[0]}:{FreePorts.Take()}")];
    }

    public DatabaseServer Server { get; }

    /// <summary>Where each silo listens; stays the same over its lives.</summary>
    public IReadOnlyList<string> Endpoints { get; }

    /// <summary>Where each silo shows its health and metrics.</summary>
    public IReadOnlyList<string> BackDoors { get; }

    public Uri Address => _doors[Interlocked.Increment(ref _asked) % _doors.Length].Address;

    /// <summary>Where clients of transactions come: another front door each time.</summary>
    public Uri Manager => _managers[Interlocked.Increment(ref _asked) % _managers.Length];

    /// <summary>The front doors, in the order of their opening.</summary>
    public IReadOnlyList<Uri> Doors => [.. _doors.Select(d => d.Address)];

    /// <summary>The address of the database as silos take it.</summary>
    public string Database => Server.AddressOf(DatabaseName);

    /// <summary>What whole clusters are tried on: both servers, or the one that <c>MALL_TEST_CLUSTERS</c> names.</summary>
    public static TheoryData<DatabaseKind> Kinds { get; } =
        Enum.TryParse<DatabaseKind>(Environment.GetEnvironmentVariable("MALL_TEST_CLUSTERS"), ignoreCase: true, out var kind)
            ? [kind]
            : [DatabaseKind.Postgres, DatabaseKind.MariaDb];

    /// <summary>What gives up a test that is stuck; skips it where the database cannot be had.</summary>
    public static CancellationTokenSource PatienceFor(DatabaseKind kind)
    {
        if (DatabaseServer.WhyMissing(kind) is { } reason) Assert.Skip(reason);
        var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        stop.CancelAfter(s_patience);
        return stop;
    }

    /// <summary>Starts a whole cluster. Everything serves when this completes.</summary>
    /// <param name="kind">The database.</param>
    /// <param name="silos">How many.</param>
    /// <param name="frontDoors">How many.</param>
    /// <param name="stop">Gives up.</param>
    public static Task<ClusterInstallation> OpenAsync(DatabaseKind kind, int silos, int frontDoors, CancellationToken stop) =>
        OpenAsync(kind, silos, frontDoors, null, stop);

    /// <summary>The same, with a machine for each process; null: all of them here, on the loopback.</summary>
    /// <param name="settings">Of every process, besides.</param>
    public static async Task<ClusterInstallation> OpenAsync(
        DatabaseKind kind, int silos, int frontDoors, Sites? sites, CancellationToken stop, params string[] settings)
    {
        var cluster = new ClusterInstallation(
            await DatabaseServer.StartAsync(kind, sites?.Database, stop), silos, frontDoors, sites, settings);
        try
        {
            await cluster.Server.CreateDatabaseAsync(DatabaseName, stop);
            await cluster.StartAgainAsync(0, stop); // It makes the tables.
            await Task.WhenAll(Enumerable.Range(1, silos - 1).Select(i => cluster.StartAgainAsync(i, stop)));
            await Task.WhenAll(Enumerable.Range(0, frontDoors).Select(i => cluster.OpenDoorAsync(i, stop)));
            cluster._supervision = cluster.SuperviseAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>The process that is this silo now, or was until it was killed.</summary>
    public SiloProcess Silo(int number) =>
        _silos[number] ?? throw new InvalidOperationException($"Silo {number} was never started.");

    /// <summary>Starts a silo after its process has ended, and waits until it serves.</summary>
    public Task StartAgainAsync(int number, CancellationToken stop)
    {
        Start(number);
        return UntilUpAsync(() => Silo(number), "A silo of the mall is up", stop);
    }

    /// <summary>How often a silo found that it had to end itself, and was started again as a supervisor would.</summary>
    public int Revivals => _revived.Count;

    /// <summary>Each time which silo it was, and what it said.</summary>
    public IReadOnlyCollection<(int Number, string Why)> Revived => _revived;

    /// <summary>What is wrong, but for silos that ended themselves because the others had voted them dead.</summary>
    /// <param name="revived">Some of those.</param>
    public static IEnumerable<string> FaultsOf(IEnumerable<(int Number, string Why)> revived) => revived
        .Where(silo => !silo.Why.Contains(VotedDead, StringComparison.Ordinal))
        .Select(silo => $"silo {silo.Number} ended itself: {silo.Why}");

    /// <summary>
    /// The generation under which a silo is an active member at this moment, by the cluster's own table; null: it is none, or the
    /// database does not say.
    /// </summary>
    public async Task<long?> GenerationOfAsync(int silo, CancellationToken stop)
    {
        try
        {
            await using var connection = Connect();
            await connection.OpenAsync(stop);
            await using var command = connection.CreateCommand();
            var (host, port) = (Endpoints[silo].Split(':')[0], Endpoints[silo].Split(':')[1]);
            command.CommandText =
                $"select max(Generation) from OrleansMembershipTable where Address = '{host}' and Port = {port} and Status = 3";
            return await command.ExecuteScalarAsync(stop) is int generation ? generation : null;
        }
        catch (DbException) when (!stop.IsCancellationRequested)
        {
            return null;
        }
    }

    /// <summary>Asks a silo to end, as before an upgrade, and waits for that.</summary>
    /// <returns>Its exit code.</returns>
    public Task<int> EndAsync(int number)
    {
        Silo(number).Terminate();
        return Silo(number).ExitCodeAsync(s_startsWithin);
    }

    /// <summary>A shop with a dozen products, plenty of each, and customers.</summary>
    public Task<Trade> TradeAsync(int shoppers, CancellationToken stop) =>
        TradeAsync(Enumerable.Repeat(Plenty, Products), shoppers, stop);

    public Task<Trade> TradeAsync(IEnumerable<long> stocks, int shoppers, CancellationToken stop) =>
        Trade.OpenAsync(this, () => Books.Open(Connect()), stocks, shoppers, stop);

    /// <summary>A connection of the test's own to the database, not yet open.</summary>
    public DbConnection Connect() => Connections.To(Database);

    /// <summary>Asks every process to end: front doors first, as an operator would.</summary>
    /// <returns>A line for each that did not end with 0.</returns>
    public async Task<IReadOnlyList<string>> CloseAsync(TimeSpan patience)
    {
        await EndSupervisionAsync();
        var complaints = new List<string>();
        foreach (var process in _doors.Select(d => d.Process).Concat(_silos.OfType<SiloProcess>()))
        {
            process.Terminate();
            if (await process.ExitCodeAsync(patience) is not 0 and var code)
                complaints.Add($"A process ended with {code}:{Environment.NewLine}{process.Tail()}");
        }

        return complaints;
    }

    /// <summary>Completes with a failure as soon as a front door ends, which none is ever asked to while people shop.</summary>
    /// <exception cref="InvalidOperationException">One has; the message holds the end of what it wrote.</exception>
    public async Task WatchDoorsAsync(CancellationToken stop)
    {
        SiloProcess? ended;
        while ((ended = _doors.Select(d => d.Process).FirstOrDefault(p => p.HasExited)) is null)
            await Task.Delay(s_looksEvery, stop);
        throw new InvalidOperationException($"A front door has ended by itself:{Environment.NewLine}{ended.Tail()}");
    }

    /// <summary>The end of what each living process wrote, for a failed test.</summary>
    public string Tails() =>
        string.Join(Environment.NewLine, _all.Where(p => !p.HasExited).Select((p, i) => $"== process {i}\n{p.Tail(5000)}"));

    public async ValueTask DisposeAsync()
    {
        try
        {
            await EndSupervisionAsync();
        }
        finally
        {
            _closing.Dispose();
            foreach (var process in _all) await process.DisposeAsync();
            await Server.DisposeAsync();
            _folder.Delete(recursive: true);
        }
    }

    private SiloProcess Start(int number) =>
        _silos[number] = Start(
            [
                "--roles", "silo", "--silo", Endpoints[number], "--gateway", _gateways[number], "--http", BackDoors[number],
            ],
            _sites?.Silos[number]);

    private SiloProcess Start(string[] settings, Machine? machine)
    {
        string[] network = _sites is null ? [] : ["--cluster-plaintext", "true"]; // The lab is the cluster's alone.
        var process = SiloProcess.Start(
            _folder.FullName, [.. settings, .. network, .. _settings, "--db", Database], machine: machine);
        _all.Add(process);
        return process;
    }

    /// <summary>
    /// A silo that finds itself dead, or alone without its database, ends with exit code 75, and one whose database goes while it
    /// starts with 1: to be started again.
    /// </summary>
    private async Task SuperviseAsync()
    {
        while (!_closing.IsCancellationRequested)
        {
            for (var number = 0; number < _silos.Length; number++)
            {
                if (_silos[number] is not { HasExited: true } silo) continue;
                var code = await silo.ExitCodeAsync(s_startsWithin);
                if (code is not (MustRestart or CouldNotStart)) continue;
                Start(number);
                if (code == MustRestart) _revived.Enqueue((number, string.Join(' ', silo.ErrorLines)));
            }

            await Task.Delay(s_looksEvery, _closing.Token).ContinueWith(_ => { }, TaskScheduler.Default);
        }
    }

    private async Task EndSupervisionAsync()
    {
        await _closing.CancelAsync();
        await _supervision;
    }

    private async Task OpenDoorAsync(int number, CancellationToken stop)
    {
        var machine = _sites?.Doors[number];
        var (host, port) = (HostOf(machine), FreePorts.Take());
        var manager = $"127.0.0.1:{FreePorts.Take()}";
        var process = Start(
            ["--roles", "api", "--http", $"{host}:{port}", "--grpc", $"{host}:{FreePorts.Take()}", "--dtm", manager], machine);
        _managers[number] = new Uri($"http://{manager}/");
        _doors[number] = (new Uri($"http://{host}:{port}/"), process);
        await UntilUpAsync(() => process, "Mall is open", stop);
    }

    private static string HostOf(Machine? machine) => machine?.Address ?? "127.0.0.1";

    /// <param name="process">The supervisor may replace it meanwhile.</param>
    private static async Task UntilUpAsync(Func<SiloProcess> process, string greeting, CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        patience.CancelAfter(s_startsWithin);
        while (!process().OutputLines.Any(line => line.Contains(greeting, StringComparison.Ordinal)))
        {
            var code = process().HasExited ? await process().ExitCodeAsync(s_startsWithin) : (int?)null;
            if (code is not (null or MustRestart or CouldNotStart) || patience.IsCancellationRequested)
            {
                throw new InvalidOperationException(
                    $"A process does not serve (exit code {code}).{Environment.NewLine}{process().Tail()}");
            }

            await Task.Delay(s_looksEvery, stop);
        }
    }
}
