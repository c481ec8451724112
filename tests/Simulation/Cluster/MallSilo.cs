using System.Diagnostics.Metrics;
using Mall.Hosting;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Orleans.Core;
using Orleans.Timers;

namespace Mall.Simulation;

/// <summary>One run of one silo: the real ledger, grains and due work, on simulated Orleans and a simulated database.</summary>
internal sealed class MallSilo : SimulatedSilo, IGrainRuntime
{
    private static readonly OrderOptions s_orders = new() { CloseAfter = TimeSpan.FromMinutes(2) };
    private static readonly TimeSpan s_shutdown = TimeSpan.FromSeconds(30);

    private readonly ServiceProvider _services;
    private readonly SimulatedStore _store;
    private readonly Cluster _cluster;

    public MallSilo(Cluster cluster, int number, SimulatedProcess process, int seed)
        : base(number, process, cluster.Network, cluster.Membership)
    {
        _cluster = cluster;
        _store = new(cluster.Database, $"{process.Name}/{number}", process.Scheduler, process.Clock);
        _store.Freeze = time => cluster.Freeze(this, time);
        var ledger = new LedgerOptions
        {
            Scheduler = process.Scheduler, Random = new Random(seed), Retention = cluster.Retention,
            CleanUpPeriod = TimeSpan.FromSeconds(30), DuePeriod = TimeSpan.FromSeconds(4),
        };
        _services = new ServiceCollection()
            .AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance)
            .AddSingleton(typeof(ILogger<>), typeof(NullLogger<>))
            .AddSingleton<IHostApplicationLifetime, ApplicationLifetime>()
            .AddSingleton(process.Clock)
            .AddSingleton<IGrainFactory>(this)
            .AddSingleton<IGrainRuntime>(this)
            .AddSingleton<IStore>(_store)
            .AddMetrics()
            .AddMallLedger(ledger)
            .AddSingleton<ILedger>(all => new WatchedLedger(all.GetRequiredService<DurableLedger>(), cluster))
            .AddSingleton(_ => cluster.Bank.At(process))
            .AddMallGrains(s_orders, new SagaOptions(), jitterSeed: ~seed)
            .BuildServiceProvider();
    }

    public override IServiceProvider Services => _services;
    public bool IsUp { get; private set; } // serves, and may be called

    public async Task StartAsync()
    {
        await _services.GetRequiredService<DurableLedger>().OpenAsync();
        _cluster.Membership.Set(this, SiloState.Active);
        IsUp = true;
        _services.GetRequiredService<DueWorker>().Start();
    }

    public async Task StopAsync()
    {
        Process.Trace("stops");
        _services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        var limit = Task.Delay(s_shutdown, Process.Clock);
        await Task.WhenAny(_services.GetRequiredService<DueWorker>().StopAsync(CancellationToken.None), limit);
        if (!await DrainAsync(s_shutdown)) Process.Trace("not all grains end");
        await _services.GetRequiredService<DurableLedger>().DisposeAsync();
        _cluster.Membership.Set(this, SiloState.Dead);
        End("has stopped");
    }

    public override void End(string why)
    {
        if (!Process.IsAlive) return;
        Process.Trace($"ends: {why}");
        IsUp = false;
        Process.Kill();
        _cluster.Database.Abandon(_store.Silo);
        _services.GetRequiredService<IMeterFactory>().Dispose(); // What measures is known to all of the process that simulates.
        _cluster.NoteEnded(Process.Name);
    }

    void IGrainRuntime.DeactivateOnIdle(IGrainContext grain) => grain.Deactivate(default);
    void IGrainRuntime.DelayDeactivation(IGrainContext grainContext, TimeSpan timeSpan) { } // No activation goes for being idle.
    IGrainFactory IGrainRuntime.GrainFactory => this;
    IServiceProvider IGrainRuntime.ServiceProvider => _services;
    TimeProvider IGrainRuntime.TimeProvider => Process.Clock;
    string IGrainRuntime.SiloIdentity => Process.Name;

    // What is not simulated: carts, timers of grains, migration.
    SiloAddress IGrainRuntime.SiloAddress => throw new NotSupportedException();
    ITimerRegistry IGrainRuntime.TimerRegistry => throw new NotSupportedException();
    IStorage<T> IGrainRuntime.GetStorage<T>(IGrainContext grainContext) => throw new NotSupportedException();
}
