namespace Mall.Runtime;

/// <summary>The filters that the host has registered.</summary>
internal sealed class CallFilters(IEnumerable<IIncomingGrainCallFilter> incoming, IEnumerable<IOutgoingGrainCallFilter> outgoing)
{
    public IIncomingGrainCallFilter[] Incoming { get; } = [.. incoming];

    public IOutgoingGrainCallFilter[] Outgoing { get; } = [.. outgoing];
}
