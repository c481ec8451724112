namespace Mall.Runtime;

/// <summary>What every link of a transport needs of its process.</summary>
internal sealed record LinkSurroundings(
    ClusterOptions Options, IMembership Membership, IWorkScheduler Scheduler, TimeProvider Time, TransportLog Log,
    TransportMetrics Metrics, IFrameReceiver Receiver);
