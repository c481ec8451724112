namespace Mall.Bench.Orders.Dtm;

/// <summary>How a worker of the baseline sends its statements.</summary>
enum RoundTrips
{
    /// <summary>
    /// Each alone, as DTM's own client does (dtm, <c>client/dtmcli/barrier.go</c>): begin, the barrier row, the business
    /// change, commit. Sixteen round trips for an order of one item.
    /// </summary>
    Each,

    /// <summary>Those between which nothing is decided go together. Six.</summary>
    Batched,
}
