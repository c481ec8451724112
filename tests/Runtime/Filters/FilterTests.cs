using Mall.Runtime.Tests.Calls;
using Mall.Runtime.Tests.Simulation;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Runtime.Tests.Filters;

public interface IFilteredGrain : IGrainWithIntegerKey
{
    Task<string> Say(string text);

    ValueTask<int> Fail(int times);
}

/// <summary>Has a filter of its own.</summary>
public sealed class FilteredGrain(Probe probe) : Grain, IFilteredGrain, IIncomingGrainCallFilter
{
    private int _failures;

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        probe.Record($"own {context.MethodName}");
        await context.Invoke();
    }

    public async Task<string> Say(string text)
    {
        await Task.Yield();
        return text;
    }

    public ValueTask<int> Fail(int times) => _failures++ < times ? throw new OddException("again") : new(_failures);
}

public class FilterTests
{
    public static TheoryData<bool> Ways => CallTests.Ways;

    [Theory, MemberData(nameof(Ways))]
    public async Task Filters_RunAroundTheCallInTheirOrder(bool asBytes)
    {
        var probe = new Probe();
        await using var silo = await TestSilo.StartAsync(o => o.SerializeLocalCalls = asBytes, s => Use(s, probe)
            .AddOutgoingGrainCallFilter(Outgoing)
            .AddIncomingGrainCallFilter(Incoming)
            .AddIncomingGrainCallFilter<UpperCase>());
        Assert.Equal("in HELLO", await silo.Grains.GetGrain<IFilteredGrain>(5).Say("hello"));
        Assert.Equal(["out IFilteredGrain.Say(hello)", "in filtered/5", "own Say", "out sees in HELLO"], probe.Events);

        async Task Outgoing(IOutgoingGrainCallContext context)
        {
            var type = context.InterfaceMethod.DeclaringType!.Name;
            probe.Record($"out {type}.{context.MethodName}({context.Request.GetArgument(0)})");
            await context.Invoke();
            probe.Record($"out sees {context.Result}");
        }

        async Task Incoming(IIncomingGrainCallContext context)
        {
            probe.Record($"in {context.TargetId}");
            Assert.Null(context.SourceId);
            Assert.IsType<FilteredGrain>(context.Grain);
            await context.Invoke();
            context.Result = $"in {context.Result}";
        }
    }

    [Fact]
    public async Task Filter_MayRetryAndMayAnswerInTheMethodsPlace()
    {
        await using var silo = await TestSilo.StartAsync(silo: s => s.AddIncomingGrainCallFilter(async context =>
        {
            if (context.MethodName == "Say")
            {
                context.Result = "no";
                return;
            }

            try
            {
                await context.Invoke();
            }
            catch (OddException)
            {
                await context.Invoke();
            }
        }));
        var grain = silo.Grains.GetGrain<IFilteredGrain>(1);
        Assert.Equal("no", await grain.Say("yes"));
        Assert.Equal(2, await grain.Fail(1));
        await Assert.ThrowsAsync<OddException>(async () => await silo.Grains.GetGrain<IFilteredGrain>(2).Fail(2));
    }

    [Fact]
    public async Task OutgoingFilter_MayRefuse()
    {
        await using var silo = await TestSilo.StartAsync(
            silo: s => s.AddOutgoingGrainCallFilter(_ => throw new OddException("no")));
        await Assert.ThrowsAsync<OddException>(() => silo.Grains.GetGrain<IFilteredGrain>(1).Say("a"));
        Assert.Equal(0, silo.Statistics.Calls);
    }

    private static ISiloBuilder Use(ISiloBuilder builder, Probe probe)
    {
        builder.Services.AddSingleton(probe);
        return builder;
    }

    private sealed class UpperCase : IIncomingGrainCallFilter
    {
        public Task Invoke(IIncomingGrainCallContext context)
        {
            if (context.Request.GetArgument(0) is string text) context.Request.SetArgument(0, text.ToUpperInvariant());
            return context.Invoke();
        }
    }
}
