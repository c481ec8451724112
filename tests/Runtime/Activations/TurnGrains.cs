using Mall.Runtime.Tests.Simulation;

namespace Mall.Runtime.Tests.Activations;

public interface ITurnMethods : IGrainWithStringKey
{
    Task Write(string gate);

    [ReadOnly]
    Task Read(string gate);

    [AlwaysInterleave]
    Task Interleave(string gate);

    [OneWay]
    Task Tell(string gate);

    Task CallSelf(string gate);
}

public interface IPlainTurnGrain : ITurnMethods;

public interface IReentrantTurnGrain : ITurnMethods;

public interface IChoosyTurnGrain : ITurnMethods;

public abstract class TurnGrain(Probe probe) : Grain
{
    public Task Write(string gate) => Hold(gate);

    public Task Read(string gate) => Hold(gate);

    public Task Interleave(string gate) => Hold(gate);

    public async Task Tell(string gate)
    {
        await Hold(gate);
        throw new InvalidOperationException("Nobody hears this.");
    }

    protected async Task Report(string gate, Task call)
    {
        try
        {
            await call;
        }
        finally
        {
            probe.Record($"{gate} call ends");
        }
    }

    protected async Task Hold(string gate)
    {
        probe.Record($"{gate} starts");
        await probe.Gate(gate);
        probe.Record($"{gate} ends");
    }
}

public sealed class PlainTurnGrain(Probe probe) : TurnGrain(probe), IPlainTurnGrain
{
    public Task CallSelf(string gate) => Report(gate, this.AsReference<IPlainTurnGrain>().Write(gate));
}

[Reentrant]
public sealed class ReentrantTurnGrain(Probe probe) : TurnGrain(probe), IReentrantTurnGrain
{
    public Task CallSelf(string gate) => this.AsReference<IReentrantTurnGrain>().Write(gate);
}

[MayInterleave(nameof(IsUrgent))]
public sealed class ChoosyTurnGrain(Probe probe) : TurnGrain(probe), IChoosyTurnGrain
{
    public Task CallSelf(string gate) => this.AsReference<IChoosyTurnGrain>().Write(gate);

    private static bool IsUrgent(IInvokable call) =>
        call.GetMethodName() == nameof(ITurnMethods.Write) && call.GetArgumentCount() == 1 && ((string)call.GetArgument(0)!)
            .StartsWith("urgent", StringComparison.Ordinal);
}
