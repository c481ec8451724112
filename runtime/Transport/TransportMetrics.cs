using System.Diagnostics.Metrics;

namespace Mall.Runtime;

/// <summary>
/// What the transport counts, for everything that reads metrics. Counted by batch, so that frames do not pay for it.
/// </summary>
internal sealed class TransportMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _framesSent;
    private readonly Counter<long> _bytesSent;
    private readonly Counter<long> _writes;
    private readonly Counter<long> _bytesReceived;
    private readonly Counter<long> _refused;

    public TransportMetrics(IMeterFactory meters, Func<long> connections, Func<long> waiting)
    {
        _meter = meters.Create(CallTracing.Name);
        _framesSent = _meter.CreateCounter<long>(
            "mall.runtime.transport.sent.frames", "{frame}", "Frames written to other processes");
        _bytesSent = _meter.CreateCounter<long>("mall.runtime.transport.sent.bytes", "By", "Bytes written to other processes");
        _writes = _meter.CreateCounter<long>("mall.runtime.transport.writes", "{write}", "Writes that these frames have shared");
        _bytesReceived = _meter.CreateCounter<long>(
            "mall.runtime.transport.received.bytes", "By", "Bytes read from other processes");
        _refused = _meter.CreateCounter<long>(
            "mall.runtime.transport.refused", "{connection}", "Connections that were refused, by reason");
        _meter.CreateObservableUpDownCounter(
            "mall.runtime.transport.connections", connections, "{connection}", "Connections, of both directions");
        _meter.CreateObservableUpDownCounter(
            "mall.runtime.transport.waiting", waiting, "{frame}", "Frames that wait to be written");
    }

    public void Wrote(int frames) => _framesSent.Add(frames);

    public void WroteOut(int bytes)
    {
        _bytesSent.Add(bytes);
        _writes.Add(1);
    }

    public void Read(long bytes) => _bytesReceived.Add(bytes);

    public void Refused(Refusal refusal) => _refused.Add(1, KeyValuePair.Create<string, object?>("reason", refusal.ToString()));

    public void Dispose() => _meter.Dispose();
}
