namespace Mall.Runtime;

/// <content>What the sweeper does, from a thread of its own, while the owner runs.</content>
internal sealed partial class Activation
{
    /// <summary>Calls that have started since the last sweep.</summary>
    public long TakeRecentCalls()
    {
        var calls = Calls;
        var recent = calls - _callsWhenSwept;
        _callsWhenSwept = calls;
        return recent;
    }

    /// <summary>
    /// Ends overdue calls, hurries a transition that takes too long, and asks an idle activation to go.
    /// <para>
    /// The race with the owner is benign. The lists may change while they are walked, and the walk may stray into another list;
    /// but each request is judged by itself, ends by compare-and-swap, and is never reused, so straying ends no call that is not
    /// overdue. One that is missed is found by the next sweep. Walking, rather than asking the owner, also ends the calls of a
    /// grain that blocks its thread.
    /// </para>
    /// </summary>
    public void Sweep(long now, long collectionAge)
    {
        var stage = _stage;
        if (stage == Stage.Active && _inbox.IsAsleep && Volatile.Read(ref _runningCount) == 0)
        {
            if (now - Volatile.Read(ref _lastUsed) >= collectionAge && now >= Volatile.Read(ref _keepUntil))
                Post(new CollectIfIdle(collectionAge));
            return;
        }

        VisitJobs(static (job, time) => job.EndIfOverdue(time), now);
        if (_transition is { } transition && now >= Volatile.Read(ref transition.Deadline)) Post(new Hurry());
    }

    /// <summary>Ends all calls, because the silo stops and nobody will answer them.</summary>
    public void AbandonCalls(Exception reason) => VisitJobs(static (job, why) => job.GiveUp(why), reason);

    private void VisitJobs<TArgument>(Action<Job, TArgument> visit, TArgument argument)
    {
        if (_current is Job current) visit(current, argument);
        VisitJobs(_running, visit, argument);
        VisitJobs(_waiting.Oldest, visit, argument);
        VisitJobs(_ready, visit, argument);
        VisitJobs(_inbox.Peek, visit, argument);
    }

    private void VisitJobs<TArgument>(MailboxItem? item, Action<Job, TArgument> visit, TArgument argument)
    {
        // The bound holds even if straying should ever lead in circles.
        for (var left = 2L * Runtime.MailboxLimit; item is not null && left > 0; left--)
        {
            if (item is Job job) visit(job, argument);
            item = item.Next;
        }
    }

    private void Collect(long collectionAge)
    {
        var now = Runtime.Clock.Now;
        if (_stage != Stage.Active || _runningCount != 0 || _waiting.Count != 0) return;
        if (now - _lastUsed < collectionAge || now < _keepUntil) return;
        BeginDraining(new DeactivationReason(DeactivationReasonCode.ActivationIdle, "Nobody has called for a while."));
    }

    /// <summary>Asks the owner to decide: what the sweeper saw may have changed.</summary>
    private sealed class CollectIfIdle(long collectionAge) : MailboxItem
    {
        internal override void Run(Activation activation) => activation.Collect(collectionAge);
    }

    private sealed class Hurry : MailboxItem
    {
        internal override void Run(Activation activation) => activation.HurryTransition();
    }
}
