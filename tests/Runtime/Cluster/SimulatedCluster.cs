using Mall.Runtime.Tests.Simulation;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Mall.Runtime.Tests.Cluster;

/// <summary>Silos and clients with their network and their table, all on one thread and from one seed.</summary>
public sealed class SimulatedCluster
{
    private readonly int _seed;
    private readonly FakeTime _time;
    private readonly SimulatedScheduler _scheduler;
    private readonly IMembershipTable _table;
    private int _started;

    private SimulatedCluster(int seed, FakeTime time, SimulatedScheduler scheduler)
    {
        (_seed, _time, _scheduler) = (seed, time, scheduler);
        _table = new InMemoryMembershipTable(time);
        Network = new SimulatedNetwork(seed, time, scheduler, new ClusterOptions().SilenceLimit);
    }

    public SimulatedNetwork Network { get; }

    public Tally Tally { get; } = new();

    public List<Process> Running { get; } = [];

    public IEnumerable<Process> Silos => Running.Where(p => p.IsSilo);

    public static void Run(int seed, Func<SimulatedCluster, Task> scenario)
    {
        var time = new FakeTime();
        var scheduler = new SimulatedScheduler(seed, time);
        scheduler.Run(() => scenario(new SimulatedCluster(seed, time, scheduler)));
    }

    public Task Pass(TimeSpan span) => Task.Delay(span, _time);

    public async Task<Process> StartAsync(string name, bool isSilo)
    {
        var table = new GatedTable(_table);
        var process = new Process(name, isSilo, table, Build(name, isSilo, table));
        Running.Add(process);
        await process.StartAsync();
        return process;
    }

    public void Kill(Process process)
    {
        Running.Remove(process);
        process.Table.IsCut = true;
        Network.Kill(process.Name);
        Tally.Died(process.Self);
    }

    public async Task StopAsync(Process process)
    {
        Running.Remove(process);
        await process.StopAsync();
        Tally.Died(process.Self);
    }

    private ServiceProvider Build(string name, bool isSilo, GatedTable table)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton<TimeProvider>(_time);
        builder.Services.AddSingleton<IWorkScheduler>(_scheduler);
        builder.Services.AddSingleton<IRandomSource>(new SeededRandomSource(_seed + 1000 * ++_started));
        builder.Services.AddSingleton(Tally);
        builder.Services.AddSingleton(new Probe());
        builder.Services.AddSingleton<IMembershipTable>(table);
        builder.Services.AddSingleton(s => Network.Attach(name, s.GetRequiredService<IMembership>()));
        builder.Services.AddSingleton<ITransport>(s => s.GetRequiredService<SimulatedTransport>());
        builder.Services.AddSingleton<IProber>(s => s.GetRequiredService<SimulatedTransport>());
        if (isSilo) builder.UseMallRuntime(silo => silo.UseCluster(o => o.Endpoint = name));
        else builder.UseMallRuntimeClient(client => client.UseCluster(_ => { }));
        return builder.Services.BuildServiceProvider();
    }

    /// <summary>A process of the cluster.</summary>
    public sealed class Process(string name, bool isSilo, GatedTable table, ServiceProvider services)
    {
        public string Name => name;

        public bool IsSilo => isSilo;

        public GatedTable Table => table;

        public IGrainFactory Grains => services.GetRequiredService<IGrainFactory>();

        public IMembership Membership => services.GetRequiredService<IMembership>();

        public SiloAddress Self => Membership.Self;

        public async Task StartAsync()
        {
            foreach (var service in services.GetServices<IHostedService>()) await service.StartAsync(CancellationToken.None);
        }

        public async Task StopAsync()
        {
            foreach (var service in services.GetServices<IHostedService>().Reverse())
                await service.StopAsync(CancellationToken.None);
        }
    }
}
