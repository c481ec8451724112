namespace Mall.Runtime;

/// <summary>
/// Turns of different requests may interleave at awaits in this grain. Say in a comment why each await is safe.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ReentrantAttribute : Attribute;

/// <summary>
/// A request for which the named static predicate <c>bool (IInvokable)</c> answers true may interleave with others.
/// </summary>
/// <param name="callbackMethodName">Name of the static predicate on the grain class.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class MayInterleaveAttribute(string callbackMethodName) : Attribute
{
    public string CallbackMethodName { get; } = callbackMethodName;
}

/// <summary>This method may interleave with every other request of the grain.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class AlwaysInterleaveAttribute : Attribute;

/// <summary>This method changes nothing: requests that are all read-only may interleave with each other.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ReadOnlyAttribute : Attribute;

/// <summary>The caller does not wait: the call returns when the message is handed over, and errors are not reported.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OneWayAttribute : Attribute;

/// <summary>Any silo may hold activations of this grain, several at once; it is always activated where the caller is.</summary>
/// <param name="maxLocalWorkers">Activations a silo may hold of one such grain; default: the number of cores.</param>
[AttributeUsage(AttributeTargets.Class)]
public sealed class StatelessWorkerAttribute(int maxLocalWorkers) : Attribute
{
    public StatelessWorkerAttribute() : this(-1) { }

    /// <summary>Activations a silo may hold of one such grain; -1 stands for the number of cores.</summary>
    public int MaxLocalWorkers { get; } = maxLocalWorkers;
}

/// <summary>The owner is computed from the key. It is the default here; the attribute says so where it matters.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class HashBasedPlacementAttribute : Attribute;

/// <summary>Activate where the caller is, when it may be: only a grain without an owner, a stateless worker, can.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class PreferLocalPlacementAttribute : Attribute;

/// <summary>The generator writes a serializer for this type.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum)]
public sealed class GenerateSerializerAttribute : Attribute;

/// <summary>
/// Number of a serialized member, stable for ever. Parameters of a record's primary constructor are numbered by position.
/// </summary>
/// <param name="id">The number.</param>
[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property | AttributeTargets.Method)]
public sealed class IdAttribute(uint id) : Attribute
{
    public uint Id { get; } = id;
}

/// <summary>
/// The name under which a type, interface or method is known on the wire, so that renaming it in code breaks nobody.
/// </summary>
/// <param name="alias">The name.</param>
[AttributeUsage(
    AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface | AttributeTargets.Enum
    | AttributeTargets.Method)]
public sealed class AliasAttribute(string alias) : Attribute
{
    public string Alias { get; } = alias;
}

/// <summary>Instances never change, so they pass by reference within a silo. The generator checks that it can be true.</summary>
[AttributeUsage(
    AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Parameter | AttributeTargets.Property
    | AttributeTargets.Field)]
public sealed class ImmutableAttribute : Attribute;
