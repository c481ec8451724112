namespace Mall.Transactions;

/// <summary>The kinds of transactions, as DTM's clients name them and as they stand in <c>sagas.kind</c>.</summary>
public static class TransactionTypes
{
    public const string Saga = "saga";
    public const string Message = "msg";
    public const string Tcc = "tcc";
    public const string Xa = "xa";
    public const string Workflow = "workflow";

    public static ImmutableArray<string> All { get; } = [Saga, Message, Tcc, Xa, Workflow];
}

/// <summary>What a client wants done, checked: all that its transaction needs, written down before anything is called.</summary>
/// <param name="Type">One of <see cref="TransactionTypes"/>.</param>
/// <param name="QueryPrepared">Of a message or workflow: where to ask its client; empty when there is nobody to ask.</param>
/// <param name="Protocol"><c>http</c>, <c>grpc</c> or <c>json-rpc</c>.</param>
/// <param name="CustomData">As the client gave it.</param>
/// <param name="Name">Of a workflow: the op that it is called with.</param>
/// <param name="Data">Of a workflow: what it is called with.</param>
/// <param name="IsConcurrent">
/// Of a saga or message: branches do not wait for each other, but for <see cref="TransactionStep.After"/>.
/// </param>
/// <param name="Delay">Of a message: the first call comes no earlier than this after its beginning.</param>
[GenerateSerializer, Immutable, Alias("mall.TransactionIntent")]
public sealed record TransactionIntent(
    string Type, ImmutableArray<TransactionStep> Steps, string QueryPrepared, string Protocol, string CustomData, string Name,
    byte[] Data, bool IsConcurrent, TimeSpan Delay, TransactionOptions Options);

/// <summary>A step, as the client gave it.</summary>
/// <param name="Action">A target, or <c>topic://name</c> of a message. Empty: it succeeds.</param>
/// <param name="Compensate">A target. Empty: it succeeds.</param>
/// <param name="After">Of a concurrent saga: the steps, from 0, that must have succeeded before.</param>
[GenerateSerializer, Immutable, Alias("mall.TransactionStep")]
public sealed record TransactionStep(string Action, string Compensate, byte[] Payload, ImmutableArray<int> After)
{
    /// <summary>Who had subscribed to the topic that the action names, when the message began; null for a target.</summary>
    [Id(4)]
    public ImmutableArray<string>? Subscribers { get; init; }
}

/// <summary>What a client may say about how it is driven; null is the server's own way.</summary>
/// <param name="TimeoutToFail">Since its beginning: what is not submitted by then is aborted, and a saga that says so.</param>
/// <param name="RequestTimeout">For each call.</param>
/// <param name="RetryInterval">Before the first repeat of a call; it doubles up to an hour.</param>
/// <param name="RetryLimit">Of a saga: after so many repeats in vain it aborts; 0: never.</param>
/// <param name="Headers">For each call, besides the transaction's own.</param>
[GenerateSerializer, Immutable, Alias("mall.TransactionOptions")]
public sealed record TransactionOptions(
    TimeSpan? TimeoutToFail, TimeSpan? RequestTimeout, TimeSpan? RetryInterval, int RetryLimit,
    ImmutableDictionary<string, string> Headers);

/// <summary>A branch that a client registers while its transaction is prepared: one op of it.</summary>
/// <param name="Status">Prepared, or what its client has made of it already.</param>
[GenerateSerializer, Immutable, Alias("mall.TransactionBranch")]
public sealed record TransactionBranch(string BranchId, string Op, string Target, byte[] Payload, string Status);
