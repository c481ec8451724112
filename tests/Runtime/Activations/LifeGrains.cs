using System.Collections.Concurrent;
using Mall.Runtime.Tests.Simulation;

namespace Mall.Runtime.Tests.Activations;

public interface ILifeGrain : IGrainWithStringKey
{
    Task<int> Touch();

    Task Hold(string gate);

    Task Leave();

    Task LeaveLater(string gate);

    Task Delay(TimeSpan span);
}

/// <summary>Counts, across activations of one key, how many are alive: never more than one may be.</summary>
public sealed class LifeCounter
{
    private readonly ConcurrentDictionary<string, int> _alive = new();

    private int _violations;
    private int _activations;

    public int Violations => _violations;

    public int Activations => _activations;

    public void Enter(string key)
    {
        Interlocked.Increment(ref _activations);
        if (_alive.AddOrUpdate(key, 1, (_, n) => n + 1) != 1) Interlocked.Increment(ref _violations);
    }

    public void Leave(string key) => _alive.AddOrUpdate(key, 0, (_, n) => n - 1);
}

/// <summary>Activates and deactivates with awaits, and fails to do either when its key says so.</summary>
public sealed class LifeGrain(Probe probe, LifeCounter counter) : Grain, ILifeGrain, IDisposable
{
    private int _touches;

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        var key = this.GetPrimaryKeyString();
        counter.Enter(key);
        probe.Record($"{key} activates");
        if (key.StartsWith("brief", StringComparison.Ordinal)) DeactivateOnIdle();
        if (key.StartsWith("gated", StringComparison.Ordinal)) await probe.Gate("activate");
        if (key.StartsWith("failing", StringComparison.Ordinal) && probe.Count("heal") == 0)
        {
            counter.Leave(key);
            throw new InvalidOperationException("It does not want to.");
        }

        if (key.StartsWith("hanging", StringComparison.Ordinal))
        {
            await Probe.Cancelled(cancellationToken);
            counter.Leave(key);
            cancellationToken.ThrowIfCancellationRequested();
        }

        await Task.Yield();
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await Task.Yield();
        var key = this.GetPrimaryKeyString();
        if (key.StartsWith("clinging", StringComparison.Ordinal)) await probe.Gate("never");
        probe.Record($"{key} deactivates: {reason.ReasonCode}");
        counter.Leave(key);
        if (key.StartsWith("grumpy", StringComparison.Ordinal)) throw new InvalidOperationException("It will not go.");
    }

    public void Dispose()
    {
        if (this.GetPrimaryKeyString() == "disposable") probe.Record("disposed");
    }

    public Task<int> Touch() => Task.FromResult(++_touches);

    public async Task Hold(string gate)
    {
        probe.Record($"{gate} starts");
        await probe.Gate(gate);
    }

    public Task Leave()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public async Task LeaveLater(string gate)
    {
        DeactivateOnIdle();
        probe.Record($"{gate} starts");
        await probe.Gate(gate);
        probe.Record($"{gate} ends");
    }

    public Task Delay(TimeSpan span)
    {
        DelayDeactivation(span);
        return Task.CompletedTask;
    }
}

public interface IConstructorGrain : IGrainWithIntegerKey
{
    Task Touch();
}

public sealed class ConstructorGrain : Grain, IConstructorGrain
{
    public ConstructorGrain() => throw new InvalidOperationException("Not today.");

    public Task Touch() => Task.CompletedTask;
}
