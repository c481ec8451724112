namespace Mall.Transactions;

/// <summary>What a client is told. An exception is neither: what has become of its request is unknown.</summary>
public enum TransactionResult
{
    Success,

    /// <summary>No, and for good.</summary>
    Failure,

    /// <summary>Not yet.</summary>
    Ongoing,
}

/// <param name="Message">Why; null with success.</param>
[GenerateSerializer, Immutable, Alias("mall.TransactionReply")]
public sealed record TransactionReply(TransactionResult Result, string? Message = null)
{
    public static TransactionReply Success { get; } = new(TransactionResult.Success);

    public static TransactionReply Failure(string message) => new(TransactionResult.Failure, message);

    public static TransactionReply Ongoing(string message) => new(TransactionResult.Ongoing, message);
}

/// <summary>A transaction as its clients see it.</summary>
/// <param name="Reason">Why it aborts or failed, or what it last stumbled over.</param>
/// <param name="Result">What a workflow returned.</param>
/// <param name="Interval">Before the next repeat.</param>
[GenerateSerializer, Immutable, Alias("mall.TransactionView")]
public sealed record TransactionView(
    string Gid, TransactionIntent Intent, string Status, string? Reason, string? Result, TimeSpan Interval,
    DateTimeOffset? NextAt, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, DateTimeOffset? EndedAt,
    ImmutableArray<TransactionBranchState> Branches);

/// <summary>A branch, and what has become of it.</summary>
/// <param name="Error">Why it failed.</param>
[GenerateSerializer, Immutable, Alias("mall.TransactionBranchState")]
public sealed record TransactionBranchState(
    TransactionBranch Branch, string Status, string? Error, DateTimeOffset? CreatedAt, DateTimeOffset? EndedAt);

/// <summary>Which transactions to list; null for all.</summary>
[GenerateSerializer, Immutable, Alias("mall.ListTransactions")]
public sealed record ListTransactions(
    string? Type, string? Status, DateTimeOffset? CreatedFrom, DateTimeOffset? CreatedUntil, ListPlace? After, int Limit);

/// <summary>What became of waking many.</summary>
[GenerateSerializer, Immutable, Alias("mall.Woken")]
public sealed record Woken(int Count, bool AreMore);
