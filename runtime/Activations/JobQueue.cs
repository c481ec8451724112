namespace Mall.Runtime;

/// <summary>
/// Jobs that wait for their turn, oldest first, linked through themselves. The owner's alone, but for the count.
/// </summary>
internal struct JobQueue
{
    private Job? _oldest;
    private Job? _newest;
    private int _count;

    /// <summary>How many wait. Other threads read it as a hint.</summary>
    public readonly int Count => _count;

    public readonly Job? Oldest => _oldest;

    public void Enqueue(Job job)
    {
        job.Next = null;
        if (_newest is null) _oldest = job;
        else _newest.Next = job;
        _newest = job;
        _count++;
    }

    public Job? TryDequeue()
    {
        var job = _oldest;
        if (job is null) return null;
        _oldest = (Job?)job.Next;
        if (_oldest is null) _newest = null;
        job.Next = null;
        _count--;
        return job;
    }

    /// <summary>Takes all jobs as a chain that ends in <paramref name="rest"/>.</summary>
    public MailboxItem? TakeAllBefore(MailboxItem? rest)
    {
        if (_newest is null) return rest;
        _newest.Next = rest;
        var chain = _oldest;
        this = default;
        return chain;
    }

    /// <summary>Takes the oldest job that only reads; walks past the others, which keep their order.</summary>
    public Job? TryDequeueReader()
    {
        Job? before = null;
        for (var job = _oldest; job is not null; before = job, job = (Job?)job.Next)
        {
            if ((job.Options & InvokeOptions.ReadOnly) == 0) continue;
            if (before is null) return TryDequeue();
            before.Next = job.Next;
            if (ReferenceEquals(_newest, job)) _newest = before;
            job.Next = null;
            _count--;
            return job;
        }

        return null;
    }
}
