using Mall.Runtime.Tests.Simulation;

namespace Mall.Runtime.Tests.Calls;

public interface ICounterGrain : IGrainWithIntegerKey
{
    Task<long> Add(long amount);

    ValueTask<int> Ping(int value);

    Task Nothing();

    ValueTask NothingEither();

    Task<string?> NullText();

    Task<long> AddLater(long amount);

    Task Throw(string message);

    ValueTask<int> ThrowAtOnce(string message);

    Task<int> ThrowLater(string message);

    Task<int> Cancelled();
}

public interface ICounterReader : IGrainWithIntegerKey
{
    Task<long> Read();
}

public interface ITextKeyGrain : IGrainWithStringKey
{
    Task<string> WhoAmI();
}

public interface IGuidKeyGrain : IGrainWithGuidKey
{
    Task<Guid> WhoAmI();
}

public sealed class OddException(string message) : Exception(message);

public sealed class CounterGrain : Grain, ICounterGrain, ICounterReader
{
    private long _value;

    public Task<long> Add(long amount) => Task.FromResult(_value += amount);

    public ValueTask<int> Ping(int value) => new(value);

    public async Task Nothing() => await Task.Yield();

    public ValueTask NothingEither() => default;

    public Task<string?> NullText() => Task.FromResult<string?>(null);

    public async Task<long> AddLater(long amount)
    {
        await Task.Yield();
        return _value += amount;
    }

    public Task Throw(string message) => throw new OddException(message);

    public ValueTask<int> ThrowAtOnce(string message) => ValueTask.FromException<int>(new OddException(message));

    public async Task<int> ThrowLater(string message)
    {
        await Task.Yield();
        throw new OddException(message);
    }

    public Task<int> Cancelled() => Task.FromCanceled<int>(new CancellationToken(canceled: true));

    public Task<long> Read() => Task.FromResult(_value);
}

public sealed class TextKeyGrain : Grain, ITextKeyGrain
{
    public Task<string> WhoAmI() => Task.FromResult($"{this.GetPrimaryKeyString()} {this.GetGrainId()}");
}

public sealed class GuidKeyGrain : Grain, IGuidKeyGrain
{
    public Task<Guid> WhoAmI() => Task.FromResult(this.GetPrimaryKey());
}

/// <summary>What a caller sees. Everything once by reference and once as bytes.</summary>
public class CallTests
{
    public static readonly TheoryData<bool> Ways = [false, true];

    [Theory, MemberData(nameof(Ways))]
    public async Task Call_WhenTheGrainAnswers_ReturnsItsAnswer(bool asBytes)
    {
        await using var silo = await Start(asBytes);
        var grain = silo.Grains.GetGrain<ICounterGrain>(1);
        Assert.Equal(2, await grain.Add(2));
        Assert.Equal(5, await grain.AddLater(3));
        Assert.Equal(7, await grain.Ping(7));
        await grain.Nothing();
        await grain.NothingEither();
        Assert.Null(await grain.NullText());
        Assert.Equal(5, await grain.AsReference<ICounterReader>().Read());
        Assert.Equal(0, await silo.Grains.GetGrain<ICounterReader>(-1).Read());
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task Call_WhenTheGrainThrows_ThrowsTheSameTypeAtTheCaller(bool asBytes)
    {
        await using var silo = await Start(asBytes);
        var grain = silo.Grains.GetGrain<ICounterGrain>(1);
        Assert.Equal("a", (await Assert.ThrowsAsync<OddException>(() => grain.Throw("a"))).Message);
        Assert.Equal("b", (await Assert.ThrowsAsync<OddException>(async () => await grain.ThrowAtOnce("b"))).Message);
        var late = await Assert.ThrowsAsync<OddException>(() => grain.ThrowLater("c"));
        Assert.Equal("c", late.Message);
        Assert.Contains(nameof(CounterGrain.ThrowLater), late.StackTrace);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => grain.Cancelled());
        Assert.Equal(1, await grain.Add(1));
    }

    [Theory, MemberData(nameof(Ways))]
    public async Task Keys_OfAllKinds_ReachTheGrain(bool asBytes)
    {
        await using var silo = await Start(asBytes);
        var guid = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff");
        Assert.Equal("Käse/1 textkey/Käse/1", await silo.Grains.GetGrain<ITextKeyGrain>("Käse/1").WhoAmI());
        Assert.Equal(guid, await silo.Grains.GetGrain<IGuidKeyGrain>(guid).WhoAmI());
        Assert.Equal(long.MinValue, silo.Grains.GetGrain<ICounterGrain>(long.MinValue).GetPrimaryKeyLong());
        Assert.Equal(silo.Grains.GetGrain<ICounterGrain>(1), silo.Grains.GetGrain<ICounterGrain>(1));
        Assert.NotEqual(silo.Grains.GetGrain<ICounterGrain>(1), silo.Grains.GetGrain<ICounterGrain>(2));
    }

    [Fact]
    public async Task GetGrain_WhenNoClassImplementsIt_FailsTheCall()
    {
        await using var silo = await Start(asBytes: false);
        var reference = silo.Grains.GetGrain<Serialization.ISampleGrain>("x");
        await Assert.ThrowsAsync<ArgumentException>(() => reference.Maybe(1));
    }

    [Fact]
    public async Task Call_BeforeTheSiloStartsAndAfterItStopped_IsRefused()
    {
        var silo = await Start(asBytes: false);
        var grain = silo.Grains.GetGrain<ICounterGrain>(1);
        await grain.Add(1);
        await silo.DisposeAsync();
        await Assert.ThrowsAsync<SiloUnavailableException>(() => grain.Add(1));
    }

    [Fact]
    public async Task Continuations_OfCallersOutside_NeverRunInsideATurn()
    {
        await using var silo = await Start(asBytes: false);
        var grain = silo.Grains.GetGrain<ICounterGrain>(1);
        for (var i = 0; i < 1000; i++)
        {
            // Such a continuation runs wherever the task is ended.
            var insideATurn = await grain.Add(1).ContinueWith(
                _ => SynchronizationContext.Current is IGrainContext, TestContext.Current.CancellationToken,
                TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            Assert.False(insideATurn);
        }
    }

    private static Task<TestSilo> Start(bool asBytes) => TestSilo.StartAsync(o => o.SerializeLocalCalls = asBytes);
}
