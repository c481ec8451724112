namespace Mall.Bench.GrainCalls;

/// <summary>The least a grain can do.</summary>
[Alias("mall.bench.IEchoGrain")]
public interface IEchoGrain : IGrainWithIntegerKey
{
    /// <returns>The number given.</returns>
    [Alias("Echo")]
    ValueTask<long> Echo(long number);
}

/// <summary>Answers at once, so that what is measured is the call and nothing else.</summary>
public sealed class EchoGrain : Grain, IEchoGrain
{
    public ValueTask<long> Echo(long number) => ValueTask.FromResult(number);
}
