using System.Buffers;

namespace Mall.Runtime;

/// <summary>The caller of a request that came from another silo; carries the answer back.</summary>
internal sealed class IncomingCaller(RemoteCalls remote, SiloAddress source, long call, bool isOneWay)
    : IReplySink, IOutboundFrame
{
    private GrainRequest? _request;
    private Exception? _fault;

    public SiloAddress Source => source;

    public long Call => call;

    public bool IsAnswer => true;

    /// <summary>Set when the request listens to cancellation, and so is kept in a table until it ends.</summary>
    public bool IsCancellable { get; set; }

    public void Reply(GrainRequest request, Exception? fault)
    {
        if (IsCancellable) remote.Ended(this);
        _request = request;
        _fault = fault;
        if (!isOneWay) remote.Transport.Send(source, this);
        else if (fault is not null) request.Target.Runtime.Log.OneWayFailed(fault, request.Method, request.Target.GrainId);
    }

    /// <summary>Answers in the place of a request that could not be read.</summary>
    public void Refuse(Exception fault)
    {
        _fault = fault;
        if (!isOneWay) remote.Transport.Send(source, this);
    }

    public void WriteTo(IBufferWriter<byte> output)
    {
        if (_fault is null) FrameCodec.WriteResult(output, call, _request!);
        else FrameCodec.WriteFault(output, call, _fault);
    }

    /// <summary>
    /// A result that cannot be written is told to the caller. An answer that cannot be sent is lost: the connection that it
    /// should have gone back on has ended, and the caller has been told that.
    /// </summary>
    public void Undeliverable(Exception reason)
    {
        if (_fault is not null || reason is SiloUnavailableException) return;
        _fault = reason;
        remote.Transport.Send(source, this);
    }
}
