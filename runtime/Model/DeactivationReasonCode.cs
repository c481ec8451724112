namespace Mall.Runtime;

/// <summary>Why an activation ends, for code.</summary>
public enum DeactivationReasonCode : byte
{
    /// <summary>No reason given.</summary>
    None,

    /// <summary>The silo stops.</summary>
    ShuttingDown,

    /// <summary>The constructor or <see cref="IGrainBase.OnActivateAsync"/> threw.</summary>
    ActivationFailed,

    /// <summary>Nobody called for <see cref="SiloOptions.CollectionAge"/>.</summary>
    ActivationIdle,

    /// <summary>A request did not end within <see cref="SiloOptions.DeactivationTimeout"/>.</summary>
    ActivationUnresponsive,

    /// <summary>The grain found that another activation owns its data.</summary>
    DuplicateActivation,

    /// <summary>The grain found its own state broken.</summary>
    ApplicationError,

    /// <summary>The grain asked for it, see <see cref="Grain.DeactivateOnIdle"/>.</summary>
    ApplicationRequested,

    /// <summary>The silo no longer owns the grain in its view of the cluster.</summary>
    Migrating,

    /// <summary>The runtime or an operator asked for it.</summary>
    RuntimeRequested,
}
