using System.Diagnostics;
using Mall.Runtime.Tests.Simulation;

namespace Mall.Runtime.Tests.Calls;

public interface IContextGrain : IGrainWithIntegerKey
{
    Task<string?> Read(string key, bool pass);

    Task Change(string key);

    Task<string?> CurrentSpan();
}

public sealed class ContextGrain : Grain, IContextGrain
{
    public async Task<string?> Read(string key, bool pass)
    {
        await Task.Yield();
        if (pass) return await GrainFactory.GetGrain<IContextGrain>(this.GetPrimaryKeyLong() + 1).Read(key, false);
        return RequestContext.Get(key)?.ToString();
    }

    public Task Change(string key)
    {
        RequestContext.Set(key, "changed");
        return Task.CompletedTask;
    }

    public async Task<string?> CurrentSpan()
    {
        await Task.Yield();
        return Activity.Current?.TraceId.ToString();
    }
}

public class RequestContextTests
{
    public static TheoryData<bool> Ways => CallTests.Ways;

    [Theory, MemberData(nameof(Ways))]
    public async Task Values_FlowDownTheChainAndNotBack(bool asBytes)
    {
        await using var silo = await TestSilo.StartAsync(o => o.SerializeLocalCalls = asBytes);
        var grain = silo.Grains.GetGrain<IContextGrain>(1);
        RequestContext.Set("who", "alice");
        RequestContext.Set("number", 7);
        Assert.Equal("alice", await grain.Read("who", pass: false));
        Assert.Equal("alice", await grain.Read("who", pass: true));
        Assert.Equal("7", await grain.Read("number", pass: true));
        await grain.Change("who");
        Assert.Equal("alice", RequestContext.Get("who"));
        Assert.True(RequestContext.Remove("who"));
        Assert.False(RequestContext.Remove("who"));
        Assert.Null(await grain.Read("who", pass: true));
        RequestContext.Clear();
        Assert.Null(await grain.Read("number", pass: false));
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task Traces_FlowWithCallsWhenSomebodyListens(bool asBytes)
    {
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = s => s.Name is "Mall.Runtime" or "test",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = a =>
            {
                lock (spans) spans.Add(a);
            },
        };
        ActivitySource.AddActivityListener(listener);
        await using var silo = await TestSilo.StartAsync(o => o.SerializeLocalCalls = asBytes);
        using var source = new ActivitySource("test");
        using var root = source.StartActivity("root")!;
        Assert.Equal(root.TraceId.ToString(), await silo.Grains.GetGrain<IContextGrain>(1).CurrentSpan());
        await TestSilo.Eventually(() =>
        {
            lock (spans) return spans.Any(IsOfTheCall);
        });

        bool IsOfTheCall(Activity span) =>
            span.OperationName.EndsWith("IContextGrain.CurrentSpan", StringComparison.Ordinal)
                && span.ParentSpanId == root.SpanId;
    }
}
