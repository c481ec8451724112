namespace Mall.Transactions;

/// <summary>
/// tcc and xa: branches were registered before their first phase; the second phase of each is one of two ops, the newest first,
/// until all have succeeded.
/// </summary>
internal sealed class TwoPhaseTransactions(string forward, string back) : TransactionKind
{
    public override string? Expired(string status) => status == SagaStatus.Prepared ? SagaStatus.Aborting : null;

    public override IEnumerable<TransactionOp> Ready(Transaction transaction) => Open(transaction).Reverse().Take(1);

    public override string? Reached(Transaction transaction) => transaction.Status switch
    {
        SagaStatus.Submitted when !Open(transaction).Any() => SagaStatus.Succeed,
        SagaStatus.Aborting when !Open(transaction).Any() => SagaStatus.Failed,
        _ => null,
    };

    private IEnumerable<TransactionOp> Open(Transaction transaction)
    {
        var op = transaction.Status switch
        {
            SagaStatus.Submitted => forward,
            SagaStatus.Aborting => back,
            _ => null,
        };
        return transaction.Ops.Where(known => known.Op == op && known.IsOpen);
    }
}
