namespace Mall.Api.Transactions;

/// <summary>What the door for DTM's clients is told by its host.</summary>
public sealed class DtmOptions
{
    /// <summary>Where HTTP listens; null: nowhere.</summary>
    public ListenAddress? Http { get; init; }

    /// <summary>Where gRPC listens, HTTP/2 without TLS; null: nowhere.</summary>
    public ListenAddress? Grpc { get; init; }

    /// <summary>Who may come; empty: everybody.</summary>
    public IReadOnlyList<IPNetwork> Clients { get; init; } = [];

    /// <summary>Where branches may live.</summary>
    public required TargetBook Targets { get; init; }

    /// <summary>What is prepared longer is given up. Default 35 s.</summary>
    public TimeSpan TimeoutToFail { get; init; } = TimeSpan.FromSeconds(35);

    /// <summary>The largest body or message in bytes: all payloads of a transaction. Default 4 MiB.</summary>
    public int MaxRequestBytes { get; init; } = 4 * 1024 * 1024;
}
