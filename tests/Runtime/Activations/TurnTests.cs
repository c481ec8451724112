using Mall.Runtime.Tests.Simulation;

namespace Mall.Runtime.Tests.Activations;

public interface IStrictGrain : IGrainWithIntegerKey
{
    Task<int> Work(int awaits);

    [AlwaysInterleave]
    Task<int> WorkBeside(int awaits);

    Task<string?> AmbientValue(bool set);
}

/// <summary>Throws when two threads are in it at once, or when a request starts while another runs.</summary>
public sealed class StrictGrain : Grain, IStrictGrain
{
    private static readonly AsyncLocal<string?> Ambient = new();
    private int _threadsInside;
    private int _requestsInside;
    private int _count;

    public async Task<int> Work(int awaits)
    {
        if (_requestsInside++ != 0) throw new InvalidOperationException("Two requests at once.");
        await Steps(awaits);
        _requestsInside--;
        return ++_count;
    }

    public async Task<int> WorkBeside(int awaits)
    {
        await Steps(awaits);
        return _count;
    }

    /// <summary>Not async on purpose: nothing but the runtime puts the execution context back.</summary>
    public Task<string?> AmbientValue(bool set)
    {
        var seen = Ambient.Value;
        if (set) Ambient.Value = "left behind";
        return Task.FromResult(seen);
    }

    private async Task Steps(int awaits)
    {
        for (var i = 0; i <= awaits; i++)
        {
            if (Interlocked.Exchange(ref _threadsInside, 1) != 0) throw new InvalidOperationException("Two threads at once.");
            Thread.SpinWait(20);
            if (!ReferenceEquals(SynchronizationContext.Current, GrainContext))
                throw new InvalidOperationException("Off the activation.");
            Volatile.Write(ref _threadsInside, 0);
            await Task.Yield();
        }
    }
}

public class TurnTests
{
    [Fact]
    public async Task Turns_UnderLoad_NeverOverlap()
    {
        await using var silo = await TestSilo.StartAsync(o => o.TurnsPerBatch = 7);
        const int Callers = 32, Calls = 300;
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(c => Task.Run(async () =>
        {
            var mine = silo.Grains.GetGrain<IStrictGrain>(c % 3);
            for (var i = 0; i < Calls; i++)
            {
                if (i % 3 == 0) await mine.WorkBeside(i % 4);
                else await mine.Work(i % 4);
            }
        })));
        var counts = await Task.WhenAll(Enumerable.Range(0, 3).Select(k => silo.Grains.GetGrain<IStrictGrain>(k).WorkBeside(0)));
        Assert.Equal(Callers * Calls * 2 / 3, counts.Sum());
    }

    [Fact]
    public async Task AmbientValues_LeftByOneRequest_AreNotSeenByTheNext()
    {
        await using var silo = await TestSilo.StartAsync();
        var grain = silo.Grains.GetGrain<IStrictGrain>(1);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(async _ => Assert.Null(await grain.AmbientValue(set: true))));
    }

    [Fact]
    public async Task GrainCode_CannotBlockOnItsOwnContext()
    {
        await using var silo = await TestSilo.StartAsync();
        Assert.Throws<InvalidOperationException>(() => new StrictGrain());
    }
}
