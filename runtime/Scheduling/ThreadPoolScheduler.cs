namespace Mall.Runtime;

/// <summary>Runs work on the process's thread pool.</summary>
public sealed class ThreadPoolScheduler : IWorkScheduler
{
    /// <inheritdoc/>
    public void Schedule(IThreadPoolWorkItem work, bool near) => ThreadPool.UnsafeQueueUserWorkItem(work, preferLocal: near);
}
