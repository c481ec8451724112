using System.Reflection;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Runtime;

/// <summary>A grain class as one silo hosts it: how to construct it, its turn rules, its figures.</summary>
internal sealed class GrainClass
{
    private readonly ObjectFactory _construct;

    public GrainClass(Type implementation, GrainType type, SiloRuntime runtime)
    {
        Implementation = implementation;
        Type = type;
        Runtime = runtime;
        _construct = ActivatorUtilities.CreateFactory(implementation, System.Type.EmptyTypes);
        IsReentrant = implementation.IsDefined(typeof(ReentrantAttribute), inherit: true);
        MayInterleave = FindPredicate(implementation);
        HasFilters = runtime.Filters.Incoming.Length != 0 || implementation.IsAssignableTo(typeof(IIncomingGrainCallFilter));
        HasActivationHook = Overrides(implementation, nameof(Grain.OnActivateAsync));
        HasDeactivationHook = Overrides(implementation, nameof(Grain.OnDeactivateAsync));
        if (implementation.GetCustomAttribute<StatelessWorkerAttribute>(inherit: true) is { } worker)
            MaxLocalWorkers = worker.MaxLocalWorkers > 0 ? worker.MaxLocalWorkers : Environment.ProcessorCount;
    }

    public Type Implementation { get; }

    public GrainType Type { get; }

    public SiloRuntime Runtime { get; }

    public bool IsReentrant { get; }

    public Func<IInvokable, bool>? MayInterleave { get; }

    public bool HasFilters { get; }

    /// <summary>Whether the class overrides OnActivateAsync; most activations need not pay for a token then.</summary>
    public bool HasActivationHook { get; }

    /// <summary>Whether the class overrides OnDeactivateAsync.</summary>
    public bool HasDeactivationHook { get; }

    public bool IsStatelessWorker => MaxLocalWorkers != 0;

    /// <summary>0 for a grain that is not a stateless worker.</summary>
    public int MaxLocalWorkers { get; }

    /// <summary>Calls and times of all activations, past and present.</summary>
    public CallTiming Timing { get; } = new();

    /// <summary>
    /// Constructs an instance with the host's services. The calling activation must be <see cref="Activation.BeingCreated"/>.
    /// </summary>
    public Grain Create() => (Grain)_construct(Runtime.Services, null);

    private static bool Overrides(Type implementation, string hook) =>
        implementation.GetMethod(hook)?.DeclaringType != typeof(Grain);

    private static Func<IInvokable, bool>? FindPredicate(Type implementation)
    {
        if (implementation.GetCustomAttribute<MayInterleaveAttribute>(inherit: true) is not { } attribute) return null;
        const BindingFlags AnyStatic =
            BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.FlattenHierarchy;
        var method = implementation.GetMethod(attribute.CallbackMethodName, AnyStatic, [typeof(IInvokable)])
            ?? throw new InvalidOperationException(
                $"{implementation} has no static bool {attribute.CallbackMethodName}(IInvokable), as its [MayInterleave] says.");
        return method.CreateDelegate<Func<IInvokable, bool>>();
    }
}
