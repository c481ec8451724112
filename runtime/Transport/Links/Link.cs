namespace Mall.Runtime;

/// <summary>
/// One connection after its handshake. Reading and writing go on independently: a peer that does not read can hold up what is
/// written to it, and nothing else. It ends as a whole: by <see cref="Close"/>, by the other side, by a bad frame, or by silence.
/// </summary>
internal sealed partial class Link : IThreadPoolWorkItem
{
    private readonly Stream _stream;
    private readonly LinkSurroundings _around;
    private readonly OutboundQueue _queue;
    private readonly FrameBuffer _buffer;
    private readonly LinkFrame _ping;
    private readonly LinkFrame _pong;
    private Exception? _closeReason;
    private int _silentTicks;
    private long _heardVersion;

    public Link(Stream stream, SiloAddress peer, LinkSurroundings around)
    {
        _stream = stream;
        _around = around;
        Peer = peer;
        _queue = new OutboundQueue(around.Options.MaxQueuedFrames, around.Options.MaxQueuedBytes);
        _buffer = new FrameBuffer(around.Options.MaxFrameBytes);
        _ping = new LinkFrame(LinkFrame.Ping, around.Membership);
        _pong = new LinkFrame(LinkFrame.Pong, around.Membership);
    }

    public SiloAddress Peer { get; }

    /// <summary>Frames that wait to be written. A figure only.</summary>
    public int Waiting => _queue.Count;

    /// <summary>
    /// Whether the other side has given a sign of life lately: the last but one that it was asked for, or a later one.
    /// </summary>
    public bool IsHeard => Volatile.Read(ref _silentTicks) <= 1 && Volatile.Read(ref _closeReason) is null;

    /// <summary>The newest view that the other side is known to have.</summary>
    public long HeardVersion => Volatile.Read(ref _heardVersion);

    /// <summary>Whether it was ended because nothing was heard of the other side.</summary>
    public bool EndedInSilence { get; private set; }

    /// <summary>Queues a frame; false when the link has ended, and the frame is the caller's again.</summary>
    public bool TrySend(IOutboundFrame frame)
    {
        switch (_queue.Add(frame))
        {
            case OutboundQueue.Answer.AddedAndAsleep:
                // Not near: behind the work that waits already, which may have more to send; it all goes out together then.
                _around.Scheduler.Schedule(this, near: false);
                return true;
            case OutboundQueue.Answer.Added:
                return true;
            case OutboundQueue.Answer.Full when frame.IsAnswer:
                Close(new SiloUnavailableException($"{Peer} does not take its answers."));
                return false;
            case OutboundQueue.Answer.Full:
                frame.Undeliverable(
                    new LimitExceededException($"{Waiting} calls wait to be sent to {Peer}; this one has not been sent."));
                return true;
            default:
                return false;
        }
    }

    /// <summary>Serves the connection to its end.</summary>
    /// <returns>
    /// Why it has ended. Nothing is read or written any more, and frames that were not written are undeliverable.
    /// </returns>
    public async Task<Exception> RunAsync()
    {
        TellView();
        Close(await ReadToEndAsync());
        await _queue.Ended;
        foreach (var frame in _queue.TakeRest()) frame.Undeliverable(_closeReason!);
        return _closeReason!;
    }

    /// <summary>Ends the connection. From any thread; the first reason stands.</summary>
    public void Close(Exception reason)
    {
        if (Interlocked.CompareExchange(ref _closeReason, reason, null) is not null) return;
        _queue.Close();
        _stream.Dispose(); // Ends a read and a write that are under way.
    }

    /// <summary>Writes what is queued and then ends the connection; gives up when that takes longer than a moment.</summary>
    public async Task CloseGentlyAsync(Exception reason, TimeSpan patience)
    {
        var start = _around.Time.GetTimestamp();
        while (!_queue.IsIdle && _around.Time.GetElapsedTime(start) < patience)
            await Task.Delay(TimeSpan.FromMilliseconds(1), _around.Time);
        Close(reason);
    }

    /// <summary>
    /// Once a probe period: asks for a sign of life, and ends the connection when none has come for too long. Silence is counted
    /// in periods and not by the clock, so that a process that was stopped itself does not blame its peers when it goes on.
    /// </summary>
    public void Tick(int silentTicksAllowed)
    {
        if (Interlocked.Increment(ref _silentTicks) <= silentTicksAllowed)
        {
            TrySend(_ping);
            return;
        }

        EndedInSilence = true;
        Close(new SiloUnavailableException($"{Peer} has been silent for {_around.Options.SilenceLimit}."));
    }

    /// <summary>Tells the other side of this side's view, now.</summary>
    public void TellView() => TrySend(_ping);
}
