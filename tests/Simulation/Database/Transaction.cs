using Mall.Ledger.Stores;

namespace Mall.Simulation;

/// <summary>What will go wrong with a transaction, decided when it is sent.</summary>
internal enum Fate
{
    Well,
    Refused,
    Broken,
    CommitLost,
    AcknowledgementLost,
}

/// <summary>
/// One batch in the database, from the moment it is sent. It lives there and not in its silo: what was sent goes on when the silo
/// has died, stands still or waits no longer.
/// </summary>
internal sealed class Transaction(Batch batch, SimulatedStore owner, Fate fate, TimeSpan stall)
{
    private readonly TaskCompletionSource _written = new();
    private readonly TaskCompletionSource _answer = new();

    public Batch Batch => batch;

    public SimulatedStore Owner => owner;

    public Fate Fate => fate;

    public TimeSpan Stall => stall;

    /// <summary>What it holds; null until it has arrived.</summary>
    public LockHolder? Locks { get; set; }

    /// <summary>The commit is on its way: from here on nobody knows.</summary>
    public bool IsCommitting { get; set; }

    /// <summary>Committed, or never to be.</summary>
    public bool HasEnded { get; set; }

    /// <summary>Who waits for its end.</summary>
    public List<Action> Watchers { get; } = [];

    /// <summary>Completes when its client hears that everything is written and only the commit is missing.</summary>
    public Task Written => _written.Task;

    /// <summary>Completes when its client hears the end.</summary>
    public Task Answer => _answer.Task;

    public void Write() => _written.TrySetResult();

    public void Succeed() => _answer.TrySetResult();

    /// <summary>Its client hears that it failed, whichever it waits for.</summary>
    public void Fail(StoreFailure known, string problem)
    {
        var failure = new StoreException(known, problem);
        _written.TrySetException(failure);
        _answer.TrySetException(failure);
        _ = (_written.Task.Exception, _answer.Task.Exception); // observed: its client may be gone
    }
}
