namespace Mall.Ledger;

/// <summary>Whether what an order needs can be written at this moment: a commit, and ids, which are reserved in sessions of their
/// own. After a failure it takes a commit that needs room: on a full disk, what writes over what is there may pass.</summary>
public sealed class WriteProof(DurableLedger ledger, IStore store, LedgerClock time) : IDueHandler
{
    private const int Room = 64 * 1024;

    private readonly string _name = RandomNumberGenerator.GetHexString(16);
    private int _failures;

    public string Kind => "ledger.proof";

    /// <summary>The first half of it. One at a time.</summary>
    /// <exception cref="Exception">Any of those of <see cref="ILedger"/>: nothing is proved.</exception>
    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        var failures = ledger.Failures;
        var writes = new WriteSet();
        if (failures != _failures)
            writes = new WriteSet(DueWork.Schedule(
                Kind, $"{_name} {failures}", time.GetUtcNow(), RandomNumberGenerator.GetHexString(Room)));
        await ledger.CommitAsync(writes).WaitAsync(cancellationToken); // A conflict is as good: the row is there.
        _failures = failures;
    }

    /// <summary>The second half.</summary>
    public Task ReserveAsync(CancellationToken cancellationToken) => store.ReserveIdsAsync(Kind, 0).WaitAsync(cancellationToken);

    // What has been written to take room is removed as work that is done.
    public Task HandleAsync(DueItem item, CancellationToken cancellationToken) => Task.CompletedTask;
}
