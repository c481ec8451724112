namespace Mall.Runtime;

/// <summary>
/// Runs work soon, on some thread, without the caller's execution context. Everything that the runtime does after a call has been
/// handed over goes through here, so a scheduler with one thread and a seed makes a whole silo deterministic.
/// </summary>
public interface IWorkScheduler
{
    /// <summary>Queues the work. Must not run it before it returns, or a grain's turn would run inside its caller's.</summary>
    /// <param name="work">What to run.</param>
    /// <param name="near">
    /// A hint that the work uses what the calling thread has just written, so this core should have it.
    /// </param>
    void Schedule(IThreadPoolWorkItem work, bool near);
}
