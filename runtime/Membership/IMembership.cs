namespace Mall.Runtime;

/// <summary>The cluster as this process sees it.</summary>
public interface IMembership
{
    /// <summary>This process. It is in the view when it hosts grains.</summary>
    SiloAddress Self { get; }

    /// <summary>The newest view.</summary>
    MembershipView Current { get; }

    /// <summary>Raised after <see cref="Current"/> has changed, on any thread.</summary>
    event Action<MembershipView> Changed;

    /// <summary>
    /// Somebody knows a newer view: look for it now. Ends when <see cref="Current"/> has at least this version, or when looking
    /// has not helped; never throws but when it is cancelled.
    /// </summary>
    Task RefreshAsync(long version, CancellationToken cancellationToken);

    /// <summary>
    /// Somebody says that there is a view of this version. Returns at once; looks for it meanwhile if it is news.
    /// </summary>
    void Hint(long version)
    {
    }

    /// <summary>
    /// Whether this process may call and answer at this moment. A silo in a cluster may only while it holds its lease: asking
    /// costs a look at the clock, so that a process that was stopped for a while finds out before it does anything.
    /// </summary>
    bool MayServe => true;

    /// <summary>
    /// Takes this silo into the cluster; its grains are called from then on. Nothing to do for a client and for a cluster of one.
    /// </summary>
    /// <param name="evict">
    /// Called when the others have declared this silo dead, before it joins once more under a new address: ends when no
    /// activation of its former life takes calls any more.
    /// </param>
    /// <param name="cancellationToken">Gives up.</param>
    Task JoinAsync(Func<Task> evict, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// Takes this silo out of the cluster: its grains are the others' from then on. Never throws but when it is cancelled.
    /// </summary>
    Task LeaveAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends what goes on in the background.</summary>
    Task StopAsync() => Task.CompletedTask;
}
