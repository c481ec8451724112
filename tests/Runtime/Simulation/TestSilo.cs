using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mall.Runtime.Tests.Simulation;

/// <summary>A silo in the test's process, on fake time.</summary>
public sealed class TestSilo : IAsyncDisposable
{
    /// <summary>How long a test waits, in real time, for what should be there at once.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly IHost _host;

    private TestSilo(IHost host, FakeTime time)
    {
        _host = host;
        Time = time;
    }

    public FakeTime Time { get; }

    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    public Probe Probe => _host.Services.GetRequiredService<Probe>();

    public IServiceProvider Services => _host.Services;

    public SiloStatistics Statistics => _host.Services.GetRequiredService<IRuntimeStatistics>().Take();

    /// <summary>Starts a silo on the thread pool.</summary>
    public static async Task<TestSilo> StartAsync(Action<SiloOptions>? options = null, Action<ISiloBuilder>? silo = null, FakeTime? time = null)
    {
        time ??= new FakeTime();
        var host = Build(time, options, silo);
        await host.StartAsync(TestContext.Current.CancellationToken);
        return new TestSilo(host, time);
    }

    /// <summary>Starts a silo on a scheduler of one thread. Call on that thread.</summary>
    public static async Task<TestSilo> StartSimulatedAsync(
        int seed, FakeTime time, SimulatedScheduler scheduler, Action<SiloOptions>? options = null, Action<ISiloBuilder>? silo = null)
    {
        return await StartAsync(options, builder =>
        {
            builder.Services.AddSingleton<IWorkScheduler>(scheduler);
            builder.Services.AddSingleton<IRandomSource>(new SeededRandomSource(seed));
            silo?.Invoke(builder);
        }, time);
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

    /// <summary>Stops the silo as its host would.</summary>
    public Task StopAsync() => _host.StopAsync(TestContext.Current.CancellationToken);

    /// <summary>Moves time on until the task ends.</summary>
    public async Task AdvanceUntil(Task task, TimeSpan step)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!task.IsCompleted)
        {
            Assert.False(patience.IsCancellationRequested, "It has not ended.");
            Time.Advance(step);
            await Task.Yield();
        }
    }

    public async ValueTask DisposeAsync()
    {
        var stopping = _host.StopAsync(CancellationToken.None);
        await AdvanceUntil(stopping, TimeSpan.FromMilliseconds(20));
        await stopping;
        _host.Dispose();
    }

    private static IHost Build(FakeTime time, Action<SiloOptions>? options, Action<ISiloBuilder>? silo)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<TimeProvider>(time);
        builder.Services.AddSingleton<Probe>();
        builder.UseMallRuntime(s =>
        {
            if (options is not null) s.Configure(options);
            silo?.Invoke(s);
        });
        return builder.Build();
    }
}
