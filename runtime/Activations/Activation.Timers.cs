namespace Mall.Runtime;

/// <content>The timers that the grain has registered.</content>
internal sealed partial class Activation
{
    internal void Add(GrainTimer timer)
    {
        timer.NextOfActivation = _timers;
        if (_timers is not null) _timers.PreviousOfActivation = timer;
        _timers = timer;
    }

    internal void Remove(GrainTimer timer)
    {
        if (timer.NextOfActivation is { } next) next.PreviousOfActivation = timer.PreviousOfActivation;
        if (timer.PreviousOfActivation is { } previous) previous.NextOfActivation = timer.NextOfActivation;
        else if (ReferenceEquals(_timers, timer)) _timers = timer.NextOfActivation;
        timer.NextOfActivation = timer.PreviousOfActivation = null;
    }

    /// <summary>Stops all, before OnDeactivateAsync: a tick must not come between it and the end.</summary>
    private void StopTimers()
    {
        var timer = _timers;
        _timers = null;
        while (timer is not null)
        {
            var next = timer.NextOfActivation;
            timer.Stop();
            timer = next;
        }
    }
}
