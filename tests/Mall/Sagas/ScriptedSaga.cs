using System.Text.Json.Serialization;
using Mall.Sagas;
using Mall.TestFaults;
using Mall.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.Sagas;

/// <summary>A saga whose branches do what a test says, and tell the test in which order they were called.</summary>
[Alias("mall.tests.IScriptedSagaGrain")]
public interface IScriptedSagaGrain : ISagaGrain
{
    [Alias("Run"), AlwaysInterleave]
    Task<Result<Done>> Run(string requestHash);

    /// <summary>The same without waiting for its end.</summary>
    [Alias("Begin"), AlwaysInterleave]
    Task<Result<Done>> Begin(string requestHash);
}

/// <summary>The names of the branches; what they do is in the <see cref="Script"/>.</summary>
public sealed record ScriptedIntent(string Note);

public sealed class ScriptedSagaGrain(ScriptedSagaKind kind, SagaServices services, Script script)
    : SagaGrain<ScriptedIntent>(kind, services), IScriptedSagaGrain
{
    public async Task<Result<Done>> Run(string requestHash)
    {
        var begun = await Begin(requestHash);
        if (begun.IsRefused) return begun;
        return await EndAsync() is { } refusal ? refusal : Done.It;
    }

    public async Task<Result<Done>> Begin(string requestHash)
    {
        var begun = await BeginAsync(requestHash, userId: 0, () => Task.FromResult(script.Decision), script.Recall);
        return begun.IsRefused ? begun.Refusal : Done.It;
    }
}

public sealed class ScriptedSagaKind(Script script) : SagaKind<ScriptedIntent>("scripted", ScriptedJson.Default.ScriptedIntent)
{
    public override ISagaGrain Grain(IGrainFactory grains, string gid) => grains.GetGrain<IScriptedSagaGrain>(gid);

    public override IReadOnlyList<SagaBranch> Plan(IGrainFactory grains, string gid, ScriptedIntent intent) => script.Branches;
}

/// <summary>What the branches do. A step is a function from how often it was called before to what comes of this call.</summary>
public sealed class Script
{
    private readonly List<string> _calls = [];
    private readonly List<SagaBranch> _branches = [];

    public IReadOnlyList<SagaBranch> Branches => _branches;

    /// <summary>What is decided before anything is durable.</summary>
    public Result<ScriptedIntent> Decision { get; set; } = new ScriptedIntent("hello");

    /// <summary>What an earlier saga of the same gid has left.</summary>
    public Func<Task<SagaRemains<ScriptedIntent>?>> Recall { get; set; } =
        () => Task.FromResult<SagaRemains<ScriptedIntent>?>(null);

    /// <summary>Every call of an action (<c>+01</c>) or a compensation (<c>-01</c>), in order.</summary>
    public string[] Calls
    {
        get { lock (_calls) return [.. _calls]; }
    }

    public Script Branch(
        string id, Func<int, Task<Refusal?>>? action = null, Func<int, Task>? compensation = null, params string[] after)
    {
        _branches.Add(new SagaBranch(
            id,
            $"test/{id}",
            Action: () => action is null ? Called("+" + id, Task.FromResult<Refusal?>(null)) : action(Note("+" + id)),
            Compensation: _ => compensation is null ? Called("-" + id, Task.FromResult(0)) : compensation(Note("-" + id)),
            after));
        return this;
    }

    /// <summary>A mall that knows this saga.</summary>
    public Task<TestMall> OpenAsync(
        string? folder = null, FaultOptions? faults = null, Action<ISiloBuilder>? silo = null) => TestMall.OpenAsync(
        silo,
        faults: faults,
        services: s => s
            .AddSingleton(this)
            .AddSingleton<ScriptedSagaKind>()
            .AddSingleton<ISagaKind>(p => p.GetRequiredService<ScriptedSagaKind>()),
        folder: folder);

    public int CountOf(string call) => Calls.Count(c => c == call);

    private T Called<T>(string call, T answer)
    {
        Note(call);
        return answer;
    }

    private int Note(string call)
    {
        lock (_calls)
        {
            _calls.Add(call);
            return _calls.Count(c => c == call) - 1;
        }
    }
}

[JsonSerializable(typeof(ScriptedIntent))]
internal sealed partial class ScriptedJson : JsonSerializerContext;
