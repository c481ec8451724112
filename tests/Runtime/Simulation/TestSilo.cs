using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Mall.Runtime.Tests.Simulation;

/// <summary>A silo in the test's process, on fake time.</summary>
public sealed class TestSilo : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly SimulatedScheduler? _scheduler;

    private TestSilo(ServiceProvider services, FakeTime time, SimulatedScheduler? scheduler)
    {
        _services = services;
        _scheduler = scheduler;
        Time = time;
    }

    /// <summary>How long a test waits, in real time, for what should be there at once.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromSeconds(20);

    public FakeTime Time { get; }

    public IServiceProvider Services => _services;

    public IGrainFactory Grains => _services.GetRequiredService<IGrainFactory>();

    public Probe Probe => _services.GetRequiredService<Probe>();

    public SiloStatistics Statistics => _services.GetRequiredService<IRuntimeStatistics>().Take();

    /// <summary>Starts a silo on the thread pool.</summary>
    public static async Task<TestSilo> StartAsync(Action<SiloOptions>? options = null, Action<ISiloBuilder>? silo = null)
    {
        var time = new FakeTime();
        var started = new TestSilo(Build(time, options, silo), time, null);
        await started.StartServices();
        return started;
    }

    /// <summary>
    /// Runs a test together with its silo on this thread alone. Time moves on by itself whenever nothing else is left to do, so
    /// what the test awaits always comes, or the test fails.
    /// </summary>
    public static void Simulate(
        Func<TestSilo, Task> test, Action<SiloOptions>? options = null, Action<ISiloBuilder>? silo = null, int seed = 1)
    {
        var time = new FakeTime();
        var scheduler = new SimulatedScheduler(seed, time);
        scheduler.Run(async () =>
        {
            var services = Build(time, options, builder =>
            {
                builder.Services.AddSingleton<IWorkScheduler>(scheduler);
                builder.Services.AddSingleton<IRandomSource>(new SeededRandomSource(seed));
                silo?.Invoke(builder);
            });
            await using var started = new TestSilo(services, time, scheduler);
            await started.StartServices();
            await test(started);
        });
    }

    /// <summary>Waits, by real time, until something holds that other threads bring about.</summary>
    public static async Task Eventually(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!condition())
        {
            Assert.False(patience.IsCancellationRequested, "It has not come about.");
            await Task.Yield();
        }
    }

    /// <summary>In a simulation: moves time on, from timer to timer, and lets everything run that can.</summary>
    public async Task Pass(TimeSpan span)
    {
        var end = Time.GetUtcNow() + span;
        await _scheduler!.WhenIdle();
        while (Time.AdvanceToNextTimer(end)) await _scheduler.WhenIdle();
        Time.Advance(end - Time.GetUtcNow());
        await _scheduler.WhenIdle();
    }

    /// <summary>In a simulation: lets everything run that can, while time stands still.</summary>
    public Task Settle() => _scheduler!.WhenIdle();

    /// <summary>Stops the silo as its host would.</summary>
    public async Task StopAsync()
    {
        foreach (var service in _services.GetServices<IHostedService>().Reverse())
            await service.StopAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        var stopping = StopAsync();
        while (_scheduler is null && !stopping.IsCompleted)
        {
            Time.Advance(TimeSpan.FromMilliseconds(10));
            await Task.Yield();
        }

        await stopping;
        await _services.DisposeAsync();
    }

    private static ServiceProvider Build(FakeTime time, Action<SiloOptions>? options, Action<ISiloBuilder>? silo)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddSingleton<Probe>();
        builder.UseMallRuntime(s =>
        {
            if (options is not null) s.Configure(options);
            silo?.Invoke(s);
        });
        return builder.Services.BuildServiceProvider();
    }

    private async Task StartServices()
    {
        foreach (var service in _services.GetServices<IHostedService>()) await service.StartAsync(CancellationToken.None);
    }
}
