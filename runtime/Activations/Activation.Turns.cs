namespace Mall.Runtime;

/// <content>The loop that runs turns.</content>
internal sealed partial class Activation
{
    /// <summary>
    /// Runs turns until nothing is left, or until others should have the thread. Only one thread is ever in here: the activation
    /// is scheduled by the push that finds it asleep, and stays awake until <see cref="Inbox.TrySleep"/>, which is the last thing
    /// it does.
    /// </summary>
    void IThreadPoolWorkItem.Execute()
    {
        var outer = Current;
        var cleanContext = ExecutionContext.Capture();
        SetSynchronizationContext(this);
        if (_stage == Stage.Created) Activate();
        var turnsLeft = Runtime.TurnsPerBatch;
        while (true)
        {
            if (_stage == Stage.Draining && _runningCount == 0) Close();
            var item = TakeNext();
            if (item is null)
            {
                _current = null;
                if (_inbox.TrySleep()) break;
                continue;
            }

            _current = item;
            RunTurn(item);
            // What a grain's method leaves in AsyncLocals must not be seen by the next request.
            if (cleanContext is not null && !ReferenceEquals(ExecutionContext.Capture(), cleanContext))
                ExecutionContext.Restore(cleanContext);
            if (--turnsLeft > 0) continue;
            Runtime.Scheduler.Schedule(this, near: false);
            break;
        }

        SetSynchronizationContext(outer);
    }

    /// <summary>
    /// Grain code's exceptions are caught where it is called; one that gets here must not stop the activation for ever.
    /// </summary>
    private void RunTurn(MailboxItem item)
    {
        try
        {
            item.Run(this);
        }
        catch (Exception exception) // A turn's edge.
        {
            Runtime.Log.TurnFailed(exception, _grainId);
            if (item is Job job) job.GiveUp(exception);
        }
    }

    /// <summary>The next item: a waiting job that may start now, before what has come in later.</summary>
    private MailboxItem? TakeNext()
    {
        if (_waiting.Count != 0 && TakeWaiting() is { } job) return job;
        var item = _ready ?? _inbox.TakeAll(out _readyCount);
        if (item is null) return null;
        _readyCount--;
        _ready = item.Next;
        item.Next = null;
        return item;
    }

    /// <summary>
    /// A waiting job that may start: the oldest when nothing blocks it. While requests run that only read, others that only read
    /// start beside them, also past one that does not: otherwise a chain of reads that comes back here would wait for itself.
    /// </summary>
    private Job? TakeWaiting()
    {
        if (_stage != Stage.Active || _blockingCount != 0) return null;
        if (_readingCount == 0)
        {
            _readersMayWait = true; // Should the oldest be a reader, others may follow it.
            return _waiting.TryDequeue();
        }

        if (!_readersMayWait) return null;
        var reader = _waiting.TryDequeueReader();
        _readersMayWait = reader is not null;
        return reader;
    }

    /// <summary>Starts a job that has come in, or lets it wait.</summary>
    internal void Admit(Job job)
    {
        switch (_stage)
        {
            case Stage.Active when MayStart(job):
                StartNow(job);
                break;
            case Stage.Ended:
                job.Reroute();
                break;
            case Stage.Activating when _transition?.Failure is { } failure:
                job.Refuse(failure);
                break;
            default:
                _waiting.Enqueue(job);
                _readersMayWait = true;
                break;
        }
    }

    /// <summary>
    /// The turn rules of Orleans. A request starts when nothing runs; beside others when its method is [AlwaysInterleave], when
    /// the class is [Reentrant] or its predicate agrees, or when all that runs and the request itself are [ReadOnly].
    /// </summary>
    private bool MayStart(Job job)
    {
        if (_blockingCount == 0 && _readingCount == 0) return true;
        var options = job.Options;
        if ((options & InvokeOptions.AlwaysInterleave) != 0 || Class.IsReentrant) return true;
        if ((options & InvokeOptions.ReadOnly) != 0 && _blockingCount == 0) return true;
        return Class.MayInterleave is { } predicate && job.Invokable is { } call && Asks(predicate, call);
    }

    private bool Asks(Func<IInvokable, bool> predicate, IInvokable call)
    {
        try
        {
            return predicate(call);
        }
        catch (Exception exception) // A turn's edge: a predicate that throws has not said yes.
        {
            Runtime.Log.TurnFailed(exception, _grainId);
            return false;
        }
    }

    private void StartNow(Job job)
    {
        if (!job.Start(this)) Link(job);
    }

    /// <summary>A call starts.</summary>
    internal void CountCall()
    {
        _calls++;
        Touch();
    }

    /// <summary>The activation is in use: idle collection counts from now.</summary>
    internal void Touch() => _lastUsed = Runtime.Clock.Now;

    private void Link(Job job)
    {
        Count(job, 1);
        job.Previous = null;
        job.Next = _running;
        if (_running is not null) _running.Previous = job;
        _running = job;
    }

    /// <summary>A job has ended that had to await something. On a turn of this activation.</summary>
    internal void End(Job job)
    {
        Count(job, -1);
        var next = (Job?)job.Next;
        if (next is not null) next.Previous = job.Previous;
        if (job.Previous is null) _running = next;
        else job.Previous.Next = next;
        job.Next = job.Previous = null;
    }

    private void Count(Job job, int change)
    {
        _runningCount += change;
        var options = job.Options;
        if ((options & InvokeOptions.AlwaysInterleave) != 0 || Class.IsReentrant) return;
        if ((options & InvokeOptions.ReadOnly) != 0) _readingCount += change;
        else _blockingCount += change;
    }
}
