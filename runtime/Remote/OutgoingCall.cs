using System.Buffers;

namespace Mall.Runtime;

/// <summary>A request on its way to another silo, until its reply is there.</summary>
internal sealed class OutgoingCall(
    RemoteCalls remote, GrainRequest request, long number, SiloAddress destination, bool isDetour, long viewVersion)
    : IOutboundFrame
{
    private bool _isWritten;

    public GrainRequest Request => request;

    /// <summary>Tells the calls of this process apart.</summary>
    public long Number => number;

    public SiloAddress Destination => destination;

    /// <summary>Whether the destination is to pass it on to the grain's owner.</summary>
    public bool IsDetour => isDetour;

    /// <summary>The view by which the destination was chosen.</summary>
    public long ViewVersion => viewVersion;

    public bool IsAnswer => false;

    /// <summary>Whether the call may have arrived. Written before the connection is used, read after it has ended.</summary>
    public bool IsWritten => Volatile.Read(ref _isWritten);

    public void WriteTo(IBufferWriter<byte> output)
    {
        FrameCodec.WriteRequest(output, this, remote.TimeLeft(request));
        Volatile.Write(ref _isWritten, true);
    }

    /// <summary>
    /// Not sent, so not run. Where the way is the trouble, there may be another one soon; anything else is the caller's.
    /// </summary>
    public void Undeliverable(Exception reason)
    {
        if (!request.IsOneWay && !remote.Forget(this)) return;
        if (reason is SiloUnavailableException) remote.SendAgain(request, viewVersion, viewVersion + 1, reason.Message);
        else request.Answer(reason);
    }

    /// <summary>Sent, and nothing more will be heard of it.</summary>
    public void Lose(Exception reason)
    {
        if (remote.Forget(this)) request.Answer(reason);
    }

    /// <summary>The caller has given up: the other silo need not go on.</summary>
    public void Cancel()
    {
        if (remote.Forget(this)) remote.SendCancel(this);
    }
}
