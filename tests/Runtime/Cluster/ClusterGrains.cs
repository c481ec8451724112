namespace Mall.Runtime.Tests.Cluster;

/// <summary>Says where it lives, and what it is told.</summary>
public interface IPlacedGrain : IGrainWithIntegerKey
{
    ValueTask<long> Echo(long number);

    Task<string> Where();

    Task<long> Add(long amount);

    Task<string> HoldUntil(string gate);

    Task<string> Fail(string message);

    Task<long> SizeOf(string text);

    Task<string> Tenant();

    Task<string> AskOther(long key);

    Task<string> AskOtherAfter(string gate, long key);

    Task WaitForCancellation(CancellationToken cancellationToken);

    [OneWay]
    Task Tell(string what);
}

public sealed class PlacedGrain(IMembership membership, Simulation.Probe probe) : Grain, IPlacedGrain
{
    private long _sum;

    public ValueTask<long> Echo(long number) => new(number);

    public Task<string> Where() => Task.FromResult(membership.Self.ToString());

    public Task<long> Add(long amount) => Task.FromResult(_sum += amount);

    public async Task<string> HoldUntil(string gate)
    {
        probe.Record($"holding {gate}");
        await probe.Gate(gate);
        return membership.Self.ToString();
    }

    public Task<string> Fail(string message) => throw new InvalidOperationException(message);

    public Task<long> SizeOf(string text) => Task.FromResult((long)text.Length);

    public Task<string> Tenant() => Task.FromResult($"{RequestContext.Get("tenant")}");

    public Task<string> AskOther(long key) => GrainFactory.GetGrain<IPlacedGrain>(key).Where();

    public async Task<string> AskOtherAfter(string gate, long key)
    {
        probe.Record($"holding {gate}");
        await probe.Gate(gate);
        return await AskOther(key);
    }

    public async Task WaitForCancellation(CancellationToken cancellationToken)
    {
        probe.Record("waiting");
        var cancelled = new TaskCompletionSource();
        await using var _ = cancellationToken.Register(cancelled.SetResult);
        await cancelled.Task;
        probe.Record("cancelled");
    }

    public Task Tell(string what)
    {
        probe.Record(what);
        return Task.CompletedTask;
    }

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        probe.Record($"{this.GetPrimaryKeyLong()} up at {membership.Self}");
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        probe.Record($"{this.GetPrimaryKeyLong()} down at {membership.Self}");
        return Task.CompletedTask;
    }
}
