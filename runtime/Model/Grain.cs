namespace Mall.Runtime;

/// <summary>What makes a class a grain. Derive from <see cref="Grain"/>.</summary>
public interface IGrainBase
{
    /// <summary>The activation this instance lives in.</summary>
    IGrainContext GrainContext { get; }

    Task OnActivateAsync(CancellationToken cancellationToken);

    Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken);
}

/// <summary>Base class of grains. One instance is one activation; its code runs one turn at a time.</summary>
public abstract class Grain : IGrainBase
{
    /// <summary>Binds the instance to the activation that is being created on this thread.</summary>
    protected Grain() => GrainContext = Activation.BeingCreated
        ?? throw new InvalidOperationException($"{GetType()} is a grain: get a reference from an IGrainFactory, do not construct it.");

    public IGrainContext GrainContext { get; }

    protected IGrainFactory GrainFactory => GrainContext.GrainFactory();

    public virtual Task OnActivateAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public virtual Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends this activation as soon as its running requests have ended; queued ones go to the next activation.</summary>
    protected void DeactivateOnIdle() => GrainContext.Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationRequested, "DeactivateOnIdle"));

    /// <summary>Keeps this activation from idle collection for at least this long; negative takes an earlier request back.</summary>
    protected void DelayDeactivation(TimeSpan timeSpan) => GrainContext.DelayDeactivation(timeSpan);
}
