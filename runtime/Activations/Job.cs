namespace Mall.Runtime;

/// <summary>
/// Work that the turn rules of a grain apply to: a request or a timer's tick. It waits until it may start, and while it awaits
/// something it is in the activation's list of running jobs.
/// </summary>
public abstract class Job : MailboxItem
{
    private protected Job() { }

    /// <summary>The job before this one in the list of running jobs.</summary>
    internal Job? Previous;

    internal abstract InvokeOptions Options { get; }

    /// <summary>What a <see cref="MayInterleaveAttribute"/> predicate looks at; null for what is not a call.</summary>
    internal abstract IInvokable? Invokable { get; }

    /// <summary>
    /// Runs the job up to its first await. True: it has ended. False: it will call <see cref="Activation.End(Job)"/> on a later
    /// turn.
    /// </summary>
    internal abstract bool Start(Activation activation);

    /// <summary>Ends a job that has not started, because its activation cannot run it.</summary>
    internal abstract void Refuse(Exception reason);

    /// <summary>
    /// The activation has ended before the job started: give it to the next one, or drop it if nobody waits for it.
    /// </summary>
    internal abstract void Reroute();

    /// <summary>Answers the caller with a timeout if it has waited too long. Called by the sweeper from another thread.</summary>
    internal abstract void EndIfOverdue(long now);

    /// <summary>Answers the caller in the place of an activation that will not. From any thread.</summary>
    internal abstract void GiveUp(Exception reason);
}
