namespace Mall.Simulation;

/// <summary>
/// One batch in the database, from the moment it is sent. It lives there and not in its silo: what was sent goes on when the silo
/// has died, stands still or waits no longer. Answers are null for well, or what the client is to believe.
/// </summary>
internal sealed record Transaction(Batch Batch, string Silo)
{
    private readonly CancellationTokenSource _kill = new();

    /// <summary>Completes when its client hears that all is written and only the commit is missing, or why it is not.</summary>
    public TaskCompletionSource<StoreException?> Written { get; } = new();
    public TaskCompletionSource CommitSent { get; } = new(); // its client has sent the commit: from here on nobody knows
    public Task<StoreException?> Fate { get; set; } = null!; // until it is committed, or never to be
    public Task<StoreException?> Answer { get; set; } = null!; // until its client hears that
    public CancellationToken Killed => _kill.Token;

    public void Kill() => _kill.Cancel();
}
