namespace Mall.Runtime;

/// <summary>Base class of grains. One instance is one activation; its code runs one turn at a time.</summary>
public abstract class Grain : IGrainBase, IAddressable
{
    /// <summary>Binds the instance to the activation that is being created on this thread.</summary>
    protected Grain() => GrainContext = Activation.BeingCreated
        ?? throw new InvalidOperationException(
            $"{GetType()} is a grain: get a reference from an IGrainFactory, do not construct it.");

    /// <inheritdoc/>
    public IGrainContext GrainContext { get; }

    /// <summary>Gives references to other grains.</summary>
    protected IGrainFactory GrainFactory => GrainContext.GrainFactory;

    /// <summary>The host's services.</summary>
    protected IServiceProvider ServiceProvider => GrainContext.ActivationServices;

    /// <inheritdoc/>
    public virtual Task OnActivateAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public virtual Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends this activation as soon as its running requests have ended; queued ones go to the next activation.</summary>
    protected void DeactivateOnIdle() =>
        GrainContext.Deactivate(
            new DeactivationReason(DeactivationReasonCode.ApplicationRequested, "DeactivateOnIdle was called."));

    /// <summary>
    /// Keeps this activation from idle collection for at least this long; negative takes an earlier request back.
    /// </summary>
    protected void DelayDeactivation(TimeSpan timeSpan) => GrainContext.DelayDeactivation(timeSpan);
}
