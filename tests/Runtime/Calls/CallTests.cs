using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Runtime.Tests.Calls;

public interface ICounterGrain : IGrainWithIntegerKey
{
    Task<long> Add(long amount);

    ValueTask<int> Ping(int value);

    Task Nothing();
}

public sealed class CounterGrain : Grain, ICounterGrain
{
    private long _value;

    public Task<long> Add(long amount) => Task.FromResult(_value += amount);

    public ValueTask<int> Ping(int value) => new(value);

    public async Task Nothing() => await Task.Yield();
}

public class CallTests
{
    [Fact]
    public async Task Add_WhenCalledTwice_KeepsState()
    {
        var builder = Host.CreateApplicationBuilder();
        builder.UseMallRuntime();
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        var grain = host.Services.GetRequiredService<IGrainFactory>().GetGrain<ICounterGrain>(1);
        Assert.Equal(2, await grain.Add(2));
        Assert.Equal(5, await grain.Add(3));
        Assert.Equal(7, await grain.Ping(7));
        await grain.Nothing();
        await host.StopAsync(TestContext.Current.CancellationToken);
    }
}
