using Mall.Runtime.Tests.Calls;
using Mall.Runtime.Tests.Simulation;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Mall.Runtime.Tests.Hosting;

public class HostingTests
{
    [Fact]
    public async Task Host_StartsAndStopsTheSilo()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.UseMallRuntime();
        using var host = builder.Build();
        var client = host.Services.GetRequiredService<IClusterClient>();
        var grain = client.GetGrain<ICounterGrain>(1);
        await Assert.ThrowsAsync<SiloUnavailableException>(() => grain.Add(1));
        await host.StartAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, await grain.Add(1));
        await host.StopAsync(TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<SiloUnavailableException>(() => grain.Add(1));
    }

    [Fact]
    public async Task Start_WhenAnOptionIsOutOfRange_FailsAndNamesIt()
    {
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => TestSilo.StartAsync(o => o.MailboxLimit = 0));
        Assert.Contains(nameof(SiloOptions.MailboxLimit), exception.Message);
    }

    [Fact]
    public async Task Filters_MayInjectAGrainFactory()
    {
        await using var silo = await TestSilo.StartAsync(silo: s => s.AddIncomingGrainCallFilter<CallingFilter>());
        Assert.Equal(1, await silo.Grains.GetGrain<ICounterGrain>(1).Add(1));
        Assert.Equal(1, await silo.Grains.GetGrain<ICounterReader>(99).Read());
    }

    private sealed class CallingFilter(IGrainFactory grains) : IIncomingGrainCallFilter
    {
        public async Task Invoke(IIncomingGrainCallContext context)
        {
            if (context.TargetId.IntegerKey != 99) await grains.GetGrain<ICounterGrain>(99).Add(1);
            await context.Invoke();
        }
    }
}
