namespace Mall.Transactions;

/// <summary>
/// Its client knows the way: the server keeps what its steps came to, and calls it again until it says how it ended.
/// </summary>
internal sealed class WorkflowTransactions : TransactionKind
{
    private const string Branch = "00";

    public override IEnumerable<TransactionOp> Ready(Transaction transaction) => [];

    public override string? Reached(Transaction transaction) => null;

    /// <summary>One that has named nobody to call is a trouble when it is late: its client may be dead.</summary>
    public override TransactionOp? Question(Transaction transaction, bool isLate) =>
        transaction.Status == SagaStatus.Prepared && (transaction.Intent.QueryPrepared.Length > 0 || isLate)
            ? new TransactionOp(0, Branch, transaction.Intent.Name, transaction.Intent.QueryPrepared,
                PayloadOf(transaction.Intent))
            : null;

    /// <summary>gRPC takes a message: <c>workflow.WorkflowData {1: bytes Data}</c>.</summary>
    private static byte[] PayloadOf(TransactionIntent intent)
    {
        if (intent.Protocol != "grpc" || intent.Data.Length == 0) return intent.Data;
        const byte tag = (1 << 3) | 2; // field 1, length-delimited
        using var message = new MemoryStream();
        message.WriteByte(tag);
        var length = intent.Data.Length;
        for (; length >= 0x80; length >>= 7) message.WriteByte((byte)(length | 0x80));
        message.WriteByte((byte)length);
        message.Write(intent.Data);
        return message.ToArray();
    }
}
