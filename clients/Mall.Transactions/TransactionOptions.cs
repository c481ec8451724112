namespace Mall.Transactions.Client;

/// <summary>How the server is to drive a transaction; what is not said is left to its settings.</summary>
public sealed record TransactionOptions
{
    /// <summary>
    /// Submitting a saga or message answers when every branch was called once. Default: when the transaction is durable.
    /// </summary>
    public bool WaitsForResult { get; init; }

    /// <summary>Since its beginning: what is not submitted by then is asked for or aborted, and a saga that says so.</summary>
    public TimeSpan? TimeoutToFail { get; init; }

    /// <summary>
    /// For each call of a branch, in whole seconds. Default: the server's setting; for what this client calls itself,
    /// <see cref="HttpClient.Timeout"/> or 100 s over gRPC.
    /// </summary>
    public TimeSpan? RequestTimeout { get; init; }

    /// <summary>Before the first repeat of a call; it doubles.</summary>
    public TimeSpan? RetryInterval { get; init; }

    /// <summary>Of a saga: it is repeated at once, and aborts after so many repeats in vain. 0, the default: never.</summary>
    public int RetryLimit { get; init; }

    /// <summary>Headers, or gRPC's metadata, of each call of a branch.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();
}
