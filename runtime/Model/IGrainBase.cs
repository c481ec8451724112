namespace Mall.Runtime;

/// <summary>What makes a class a grain. Derive from <see cref="Grain"/>.</summary>
public interface IGrainBase
{
    /// <summary>The activation this instance lives in.</summary>
    IGrainContext GrainContext { get; }

    /// <summary>Runs before the first request. When it throws, the requests that wait for it fail with its exception.</summary>
    /// <param name="cancellationToken">
    /// Cancelled when the activation takes longer than <see cref="SiloOptions.ActivationTimeout"/>.
    /// </param>
    Task OnActivateAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Runs after the last request has ended. It does not run when the process dies, so nothing durable may depend on it.
    /// </summary>
    /// <param name="reason">Why the activation ends.</param>
    /// <param name="cancellationToken">Cancelled when it takes longer than <see cref="SiloOptions.DeactivationTimeout"/>.</param>
    Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken);
}
