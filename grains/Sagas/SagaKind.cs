using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Mall.Sagas;

/// <summary>What the engine, due work and operators need to know of a kind of saga without knowing its intent.</summary>
public interface ISagaKind
{
    /// <summary>As it stands in <c>sagas.kind</c>.</summary>
    string Name { get; }

    /// <summary>The saga's grain.</summary>
    ISagaGrain Grain(IGrainFactory grains, string gid);

    /// <summary>The branches of a saga.</summary>
    /// <exception cref="InvalidDataException">Or <see cref="JsonException"/>: its row cannot be read.</exception>
    Task<IReadOnlyList<SagaBranch>> PlanAsync(IGrainFactory grains, SagaRecord saga);

    /// <summary>Its branches as operators see them, where the barrier does not tell; null where it does.</summary>
    Task<ImmutableArray<SagaBranchView>?> LookAsync(GrainLedger ledger, SagaRecord saga) =>
        Task.FromResult<ImmutableArray<SagaBranchView>?>(null);
}

/// <summary>A kind of saga: its name, how its intent is written down, and its branches.</summary>
/// <typeparam name="TIntent">All that the branches need, decided before the first of them is called.</typeparam>
public abstract class SagaKind<TIntent>(string name, JsonTypeInfo<TIntent> json) : ISagaKind where TIntent : class
{
    public string Name { get; } = name;

    public abstract ISagaGrain Grain(IGrainFactory grains, string gid);

    /// <summary>The branches of this intent. Pure: the same intent gives the same branches, also after a restart.</summary>
    public abstract IReadOnlyList<SagaBranch> Plan(IGrainFactory grains, string gid, TIntent intent);

    public async Task<IReadOnlyList<SagaBranch>> PlanAsync(IGrainFactory grains, SagaRecord saga) =>
        Plan(grains, saga.Gid, await ReadAsync(saga));

    /// <summary>
    /// What is made durable together with the intent: what the action of the first branch commits, where its grain is the saga's
    /// own, under the same barrier key as when it is repeated; or, without a barrier, rows that go with the intent.
    /// </summary>
    public virtual WriteSet? Opening(SagaRecord saga, TIntent intent, DateTimeOffset now) => null;

    /// <summary>
    /// What undoes the branch that <see cref="Opening"/> did: it can end the saga in the same commit, when nothing else is to be
    /// undone. Null for sagas that begin elsewhere.
    /// </summary>
    public virtual WriteSet? Undoing(string gid, TIntent intent, Refusal why, DateTimeOffset now) => null;

    /// <summary>What is committed together with the intent besides: the event that tells of it.</summary>
    public virtual ValueTask<RowChange[]> BeginningAsync(string gid, TIntent intent, DateTimeOffset now) => new([]);

    /// <summary>What is committed together with the saga's success: the event that tells of it.</summary>
    public virtual ValueTask<RowChange[]> EndingAsync(string gid, TIntent intent, DateTimeOffset now) => new([]);

    /// <summary>What is begun cannot be undone: branches that never refuse, and an operator who is told so.</summary>
    public virtual bool OnlyForward => false;

    /// <summary>The intent as it stands in <c>sagas.payload</c>; null where the rows that go with it say it all.</summary>
    internal virtual string? Write(TIntent intent) => JsonSerializer.Serialize(intent, json);

    internal virtual ValueTask<TIntent> ReadAsync(SagaRecord saga) => new(
        JsonSerializer.Deserialize(saga.Payload ?? "null", json)
        ?? throw new InvalidDataException($"The payload of a saga of kind {Name} is null."));
}
