namespace Mall.Transactions.Client.Servers;

/// <summary>The server, and branches of the same protocol. An answer is never an exception, but for calls of branches.</summary>
internal interface ITransactionServer
{
    /// <param name="call">prepare, submit or abort.</param>
    Task<TransactionAnswer> SendAsync(string call, TransactionRequest request, CancellationToken cancellationToken);

    Task<TransactionAnswer> RegisterAsync(
        string gid, string type, string branch, byte[] payload, Dictionary<string, string> data,
        CancellationToken cancellationToken);

    /// <summary>What is known of the workflow, which is begun if need be; null, and why not.</summary>
    Task<(WorkflowState? Known, TransactionAnswer Answer)> PrepareWorkflowAsync(
        TransactionRequest request, CancellationToken cancellationToken);

    /// <exception cref="TransactionException">No success.</exception>
    Task<byte[]> CallAsync(BranchCall call, CancellationToken cancellationToken);
}

internal sealed record TransactionStep(string Action, string? Compensate, byte[] Payload);

internal sealed record TransactionRequest(string Gid, string Type)
{
    public IReadOnlyList<TransactionStep> Steps { get; init; } = [];
    public string? CustomData { get; init; }
    public string? QueryPrepared { get; init; }

    /// <summary>Why it is aborted.</summary>
    public string? RollbackReason { get; init; }
    public TransactionOptions Options { get; init; } = new();
    public Dictionary<string, string> Extra { get; init; } = [];
}

internal sealed record BranchCall(
    string Target, string Gid, string Type, string Branch, string Op, byte[] Payload, TransactionOptions Options)
{
    /// <summary>Null: as long as calls take elsewhere.</summary>
    public TimeSpan? Patience => Options.RequestTimeout is { Ticks: > 0 } limit ? limit : null;
}

internal sealed record WorkflowStep(bool HasFailed, byte[] Data);

internal sealed record WorkflowState(
    string Status, string? Reason, string? Result, IReadOnlyDictionary<(string Branch, string Op), WorkflowStep> Steps);
