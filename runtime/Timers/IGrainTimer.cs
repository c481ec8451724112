namespace Mall.Runtime;

/// <summary>A timer of one activation. It ends with the activation.</summary>
public interface IGrainTimer : IDisposable
{
    /// <summary>Sets the next tick and the period anew.</summary>
    /// <param name="dueTime">Until the next tick; <see cref="Timeout.InfiniteTimeSpan"/> for none.</param>
    /// <param name="period">
    /// Between the end of a tick and the next one; <see cref="Timeout.InfiniteTimeSpan"/> for one tick only.
    /// </param>
    void Change(TimeSpan dueTime, TimeSpan period);
}
