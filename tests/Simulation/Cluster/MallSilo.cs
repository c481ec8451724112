using System.Diagnostics.Metrics;
using Mall.Hosting;
using Mall.Ledger;
using Mall.Ledger.Stores;
using Mall.Orders;
using Mall.Sagas;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Orleans.Core;
using Orleans.Timers;

namespace Mall.Simulation;

/// <summary>One run of one silo: the real ledger, grains and due work, on simulated Orleans and a simulated database.</summary>
internal sealed class MallSilo : SimulatedSilo, IGrainRuntime, IHostApplicationLifetime, IMeterFactory
{
    private static readonly TimeSpan s_shutdown = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stopping = new();
    private readonly ServiceProvider _services;
    private readonly SimulatedStore _store;
    private readonly Membership _membership;
    private Meter? _meter;

    public MallSilo(
        int number, SimulatedProcess process, Network network, Membership membership, SimulatedStore store, LedgerOptions ledger,
        Reservations reservations)
        : base(number, process, network, membership)
    {
        (_store, _membership) = (store, membership);
        var services = new ServiceCollection();
        services.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance);
        services.AddSingleton(typeof(ILogger<>), typeof(NullLogger<>));
        services.AddSingleton(process.Clock);
        services.AddSingleton<IGrainFactory>(this);
        services.AddSingleton<IGrainRuntime>(this);
        services.AddSingleton<IHostApplicationLifetime>(this);
        services.AddSingleton<IMeterFactory>(this);
        services.AddSingleton<IStore>(store);
        services.AddMallLedger(ledger);
        services.AddSingleton<ILedger>(all => new WatchedLedger(
            new MutatedLedger(all.GetRequiredService<DurableLedger>(), store.Database), reservations,
            () => process.World.UtcNow));
        services.AddMallGrains(new OrderOptions(), new SagaOptions(), jitterSeed: ledger.Random.Next());
        _services = services.BuildServiceProvider();
    }

    public override IServiceProvider Services => _services;

    /// <summary>Serves, and may be called.</summary>
    public bool IsUp { get; private set; }

    public Action<MallSilo, string>? Ended { get; init; }

    public async Task StartAsync()
    {
        await _services.GetRequiredService<DurableLedger>().OpenAsync();
        _membership.Set(this, SiloState.Active);
        IsUp = true;
        await _services.GetRequiredService<DueWorker>().StartedAsync(CancellationToken.None);
    }

    /// <summary>In the order of a host that stops: due work, grains, ledger.</summary>
    public async Task StopAsync()
    {
        Process.Trace("stops");
        using var limit = new CancellationTokenSource(s_shutdown, Process.Clock);
        _stopping.Cancel();
        try
        {
            await _services.GetRequiredService<DueWorker>().StoppingAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            Process.Trace("due work does not stop");
        }

        if (!await DrainAsync(s_shutdown)) Process.Trace("not all grains end");
        await _services.GetRequiredService<DurableLedger>().DisposeAsync();
        _membership.Set(this, SiloState.Dead);
        End("has stopped");
    }

    /// <summary>As kill -9.</summary>
    public void Kill(string why) => End(why);

    protected override void End(string why)
    {
        if (!Process.IsAlive) return;
        Process.Trace($"ends: {why}");
        IsUp = false;
        Process.Kill();
        _store.Crash();
        _meter?.Dispose();
        Ended?.Invoke(this, why);
    }

    CancellationToken IHostApplicationLifetime.ApplicationStarted => CancellationToken.None;

    CancellationToken IHostApplicationLifetime.ApplicationStopping => _stopping.Token;

    CancellationToken IHostApplicationLifetime.ApplicationStopped => CancellationToken.None;

    void IHostApplicationLifetime.StopApplication() => throw new NotSupportedException();

    Meter IMeterFactory.Create(MeterOptions options) => _meter = new Meter(options);

    void IDisposable.Dispose() => _meter?.Dispose();

    string IGrainRuntime.SiloIdentity => Process.Name;

    SiloAddress IGrainRuntime.SiloAddress => throw new NotSupportedException();

    IGrainFactory IGrainRuntime.GrainFactory => this;

    ITimerRegistry IGrainRuntime.TimerRegistry => throw new NotSupportedException("No grain of the mall has a timer.");

    IServiceProvider IGrainRuntime.ServiceProvider => _services;

    TimeProvider IGrainRuntime.TimeProvider => Process.Clock;

    void IGrainRuntime.DeactivateOnIdle(IGrainContext grainContext) =>
        grainContext.Deactivate(new(DeactivationReasonCode.ApplicationRequested, "DeactivateOnIdle was called."));

    void IGrainRuntime.DelayDeactivation(IGrainContext grainContext, TimeSpan timeSpan) => throw new NotSupportedException();

    IStorage<T> IGrainRuntime.GetStorage<T>(IGrainContext grainContext) =>
        throw new NotSupportedException("Carts are not simulated.");
}
