namespace Mall.Transactions;

/// <summary>
/// One transaction of services outside. The key is the gid. Everything is harmless to repeat. All calls interleave: who waits for
/// an outcome keeps nobody from stopping it.
/// </summary>
[Alias("mall.IGlobalTransactionGrain")]
public interface IGlobalTransactionGrain : ISagaGrain
{
    /// <summary>Begins it and waits for its client. Again: success while it is prepared.</summary>
    [Alias("Prepare"), AlwaysInterleave]
    Task<TransactionReply> Prepare(TransactionIntent intent);

    /// <summary>Begins it or goes on with a prepared one. Failure once it has aborted or failed.</summary>
    /// <param name="intent">Of no consequence when it was prepared.</param>
    /// <param name="waits">Answer when every branch was called once: success, failure or ongoing.</param>
    [Alias("Submit"), AlwaysInterleave]
    Task<TransactionReply> Submit(TransactionIntent intent, bool waits);

    /// <summary>Ends a workflow as its client says.</summary>
    /// <param name="status">succeed or failed.</param>
    /// <param name="reason">Why it failed.</param>
    /// <param name="result">What it returned.</param>
    [Alias("Conclude"), AlwaysInterleave]
    Task<TransactionReply> Conclude(string status, string? reason, string? result);

    /// <summary>A prepared message fails, a prepared tcc or xa transaction aborts; all else is a failure.</summary>
    /// <param name="type">What its client takes it for; null: whatever it is.</param>
    [Alias("Withdraw"), AlwaysInterleave]
    Task<TransactionReply> Withdraw(string? reason, string? type);

    /// <summary>Notes branches of a prepared transaction. Failure for what is not prepared.</summary>
    [Alias("Register"), AlwaysInterleave]
    Task<TransactionReply> Register(string type, ImmutableArray<TransactionBranch> branches);

    /// <summary>Ends it as failed, and calls nothing more. Failure when it has ended.</summary>
    [Alias("ForceStop"), AlwaysInterleave]
    Task<TransactionReply> ForceStop();
}

/// <summary>Reads transactions from the database. Key 0.</summary>
[Alias("mall.ITransactionDirectoryGrain")]
public interface ITransactionDirectoryGrain : IGrainWithIntegerKey
{
    /// <summary>Null when there is none.</summary>
    [Alias("Find"), ReadOnly]
    Task<TransactionView?> Find(string gid);

    /// <summary>The newest first, without branches.</summary>
    [Alias("List"), ReadOnly]
    Task<ListPage<TransactionView>> List(ListTransactions query);

    /// <summary>Has transactions tried again now that would wait longer than this.</summary>
    [Alias("Wake")]
    Task<Woken> Wake(TimeSpan wait, int limit);
}
