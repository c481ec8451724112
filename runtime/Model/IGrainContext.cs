namespace Mall.Runtime;

/// <summary>The activation in which a grain's instance lives.</summary>
public interface IGrainContext
{
    /// <summary>Which grain it is.</summary>
    GrainId GrainId { get; }

    /// <summary>The grain's instance; null before it is constructed and after the activation has ended.</summary>
    object? GrainInstance { get; }

    /// <summary>The host's services.</summary>
    IServiceProvider ActivationServices { get; }

    /// <summary>Gives references to other grains.</summary>
    IGrainFactory GrainFactory { get; }

    /// <summary>
    /// Ends the activation as soon as its running requests have ended. Requests that wait go to the next activation: none is
    /// lost. May be called from any thread and more than once; the first reason stands.
    /// </summary>
    /// <param name="deactivationReason">What OnDeactivateAsync gets.</param>
    /// <param name="cancellationToken">
    /// There for Orleans' shape; how long it may take is set in <see cref="SiloOptions"/>.
    /// </param>
    void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default);

    /// <summary>
    /// Keeps the activation from idle collection for at least this long; negative takes an earlier request back.
    /// </summary>
    void DelayDeactivation(TimeSpan timeSpan);
}
