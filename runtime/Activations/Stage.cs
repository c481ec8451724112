namespace Mall.Runtime;

/// <summary>Where an activation stands in its life. It only moves forward.</summary>
internal enum Stage : byte
{
    /// <summary>Registered, no instance yet. Requests wait.</summary>
    Created,

    /// <summary>OnActivateAsync runs. Requests wait.</summary>
    Activating,

    /// <summary>Requests run.</summary>
    Active,

    /// <summary>To be ended: running requests go on, new ones wait for the next activation.</summary>
    Draining,

    /// <summary>OnDeactivateAsync runs.</summary>
    Closing,

    /// <summary>
    /// Out of the catalog. Requests that still come in are passed on. Continuations of code that never ended (see
    /// <see cref="SiloOptions.DeactivationTimeout"/>) still run here, one at a time.
    /// </summary>
    Ended,
}
