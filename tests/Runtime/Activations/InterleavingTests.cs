using Mall.Runtime.Tests.Simulation;

namespace Mall.Runtime.Tests.Activations;

/// <summary>Which requests run beside each other.</summary>
public class InterleavingTests
{
    [Fact]
    public async Task Write_WhenAnotherRuns_WaitsForItsEnd()
    {
        await using var silo = await TestSilo.StartAsync();
        var grain = silo.Grains.GetGrain<IPlainTurnGrain>("g");
        var first = grain.Write("first");
        var second = grain.Write("second");
        silo.Probe.Open("second");
        await silo.Probe.Sees("first starts");
        Assert.Equal(0, silo.Probe.Count("second starts"));
        silo.Probe.Open("first");
        await Task.WhenAll(first, second);
        Assert.Equal(["first starts", "first ends", "second starts", "second ends"], silo.Probe.Events);
    }

    [Fact]
    public async Task AlwaysInterleave_WhenAWriteRuns_RunsBesideIt()
    {
        await using var silo = await TestSilo.StartAsync();
        var grain = silo.Grains.GetGrain<IPlainTurnGrain>("g");
        var write = grain.Write("write");
        silo.Probe.Open("beside");
        await grain.Interleave("beside");
        Assert.Equal(["write starts", "beside starts", "beside ends"], silo.Probe.Events);
        silo.Probe.Open("write");
        await write;
    }

    [Fact]
    public async Task Write_WhenAnInterleavedCallRuns_RunsBesideIt()
    {
        await using var silo = await TestSilo.StartAsync();
        var grain = silo.Grains.GetGrain<IPlainTurnGrain>("g");
        var beside = grain.Interleave("beside");
        silo.Probe.Open("write");
        await grain.Write("write");
        silo.Probe.Open("beside");
        await beside;
    }

    [Fact]
    public async Task Reads_RunBesideEachOtherAndNotBesideAWrite()
    {
        await using var silo = await TestSilo.StartAsync();
        var grain = silo.Grains.GetGrain<IPlainTurnGrain>("g");
        var read1 = grain.Read("read1");
        var read2 = grain.Read("read2");
        await silo.Probe.Sees("read2 starts");
        var write = grain.Write("write");
        var read3 = grain.Read("read3"); // Starts past the write that waits.
        await silo.Probe.Sees("read3 starts");
        Assert.Equal(0, silo.Probe.Count("write starts"));
        silo.Probe.Open("read1");
        await read1;
        Assert.Equal(0, silo.Probe.Count("write starts"));
        silo.Probe.Open("read2");
        silo.Probe.Open("read3");
        await silo.Probe.Sees("write starts");
        var read4 = grain.Read("read4");
        silo.Probe.Open("read4");
        Assert.Equal(0, silo.Probe.Count("read4 starts"));
        silo.Probe.Open("write");
        await Task.WhenAll(read2, read3, write, read4);
    }

    [Fact]
    public async Task ReadsThatWaitTogether_WhenTheWriteEnds_StartTogether()
    {
        await using var silo = await TestSilo.StartAsync();
        var grain = silo.Grains.GetGrain<IPlainTurnGrain>("g");
        var write = grain.Write("write");
        var read1 = grain.Read("read1");
        var write2 = grain.Write("write2");
        var read2 = grain.Read("read2");
        silo.Probe.Open("write");
        await silo.Probe.Sees("read1 starts");
        await silo.Probe.Sees("read2 starts");
        Assert.Equal(0, silo.Probe.Count("write2 starts"));
        foreach (var gate in new[] { "read1", "read2", "write2" }) silo.Probe.Open(gate);
        await Task.WhenAll(write, read1, write2, read2);
    }

    [Fact]
    public async Task Reentrant_LetsEveryRequestRunBesideOthers()
    {
        await using var silo = await TestSilo.StartAsync();
        var grain = silo.Grains.GetGrain<IReentrantTurnGrain>("g");
        var calls = Enumerable.Range(0, 5).Select(i => grain.Write($"w{i}")).ToArray();
        for (var i = 0; i < 5; i++) await silo.Probe.Sees($"w{i} starts");
        silo.Probe.Open("self");
        await grain.CallSelf("self");
        for (var i = 4; i >= 0; i--) silo.Probe.Open($"w{i}");
        await Task.WhenAll(calls);
    }

    [Fact]
    public async Task MayInterleave_LetsThoseRunThatItsPredicateChooses()
    {
        await using var silo = await TestSilo.StartAsync();
        var grain = silo.Grains.GetGrain<IChoosyTurnGrain>("g");
        var write = grain.Write("write");
        await silo.Probe.Sees("write starts");
        silo.Probe.Open("plain");
        silo.Probe.Open("urgent");
        var plain = grain.Write("plain");
        await grain.Write("urgent");
        Assert.Equal(0, silo.Probe.Count("plain starts"));
        silo.Probe.Open("write");
        await Task.WhenAll(write, plain);
    }

    [Fact]
    public void CallToItself_WhenNotReentrant_TimesOut() => TestSilo.Simulate(async silo =>
    {
        var grain = silo.Grains.GetGrain<IPlainTurnGrain>("g");
        silo.Probe.Open("self");
        var call = grain.CallSelf("self");
        await Assert.ThrowsAsync<TimeoutException>(() => call);
        Assert.Equal(0, silo.Probe.Count("self starts"));
        // The grain goes on when its own call has timed out, too.
        await silo.Probe.Sees("self call ends");
        await grain.Write("self");
    });

    [Fact]
    public async Task OneWay_ReturnsWithoutWaiting()
    {
        await using var silo = await TestSilo.StartAsync();
        var grain = silo.Grains.GetGrain<IPlainTurnGrain>("g");
        await grain.Tell("told");
        await silo.Probe.Sees("told starts");
        Assert.Equal(0, silo.Probe.Count("told ends"));
        silo.Probe.Open("told");
        await silo.Probe.Sees("told ends");
    }
}
