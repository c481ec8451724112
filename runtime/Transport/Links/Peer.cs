namespace Mall.Runtime;

/// <summary>
/// A silo that this process dials: its connection, and what waits for one. A connection is made when it is first needed and again
/// when it is lost; after a failure, frames are undeliverable at once until the pause is over, which doubles with each failure.
/// </summary>
internal sealed class Peer(ClusterTransport transport, SiloAddress address, LinkSurroundings around) : IThreadPoolWorkItem
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly List<IOutboundFrame> _pending = [];
    private State _state = State.Idle;
    private Link? _link;
    private TaskCompletionSource? _attempt; // Ends with the attempt to connect that is under way; never fails.
    private Exception? _failure;
    private string? _loggedFailure;
    private TimeSpan _pause;
    private long _failedAt;

    private enum State
    {
        /// <summary>No connection, and nobody at work on one.</summary>
        Idle,

        /// <summary>One is being made, or the end of the last one is being told. Frames wait.</summary>
        Connecting,

        /// <summary>There is one.</summary>
        Connected,

        /// <summary>There will be none any more.</summary>
        Closed,
    }

    public SiloAddress Address => address;

    public void Send(IOutboundFrame frame)
    {
        if (Volatile.Read(ref _link) is { } link && link.TrySend(frame)) return;
        if (SendSlowly(frame) is { } reason) frame.Undeliverable(reason);
    }

    /// <summary>See <see cref="IProber.ProbeAsync"/>. Does not wait for the pause after a failure.</summary>
    public async Task<ProbeAnswer> ProbeAsync()
    {
        Task? attempt = null;
        lock (_lock)
        {
            if (_state == State.Idle) StartConnecting_NeedsLock();
            if (_state == State.Connecting) attempt = (_attempt ??= NewAttempt()).Task;
        }

        if (attempt is not null) await attempt;
        lock (_lock)
        {
            if (_link is { } link)
                return new ProbeAnswer(link.IsHeard ? ProbeFinding.Alive : ProbeFinding.Silent, "it is connected");
            return Judge(_failure);
        }
    }

    /// <summary>
    /// Whether it is silent, or the last attempt to connect has failed. Benign race: it may have changed already.
    /// </summary>
    public bool IsOutOfReach => Volatile.Read(ref _link) is { } link ? !link.IsHeard : Volatile.Read(ref _failure) is not null;

    /// <summary>Whether there is a connection. A figure only.</summary>
    public bool IsConnected => Volatile.Read(ref _link) is not null;

    /// <summary>Frames that wait to be written, or for a connection. A figure only.</summary>
    public int Waiting => _pending.Count + (Volatile.Read(ref _link)?.Waiting ?? 0);

    /// <summary>Once a probe period.</summary>
    public void Tick(int silentTicksAllowed) => Volatile.Read(ref _link)?.Tick(silentTicksAllowed);

    public void TellView() => Volatile.Read(ref _link)?.TellView();

    /// <summary>There will be no connection any more.</summary>
    /// <param name="reason">What the calls hear that are under way.</param>
    /// <param name="patience">For how long what is queued may still be written.</param>
    public async Task CloseAsync(Exception reason, TimeSpan patience)
    {
        Link? link;
        lock (_lock)
        {
            _state = State.Closed;
            link = _link;
        }

        if (link is null) FailPending(reason);
        else if (patience > TimeSpan.Zero) await link.CloseGentlyAsync(reason, patience);
        else link.Close(reason);
    }

    /// <summary>
    /// Never on the thread of a sender: that may be inside a grain's turn, whose context must not be caught by what follows.
    /// </summary>
    void IThreadPoolWorkItem.Execute() => _ = LiveAsync();

    /// <returns>Why the frame cannot be sent, or null when somebody has taken it.</returns>
    private Exception? SendSlowly(IOutboundFrame frame)
    {
        lock (_lock)
        {
            switch (_state)
            {
                case State.Closed:
                    return new SiloUnavailableException($"{address} is not in the cluster any more; the call has not been sent.");
                case State.Idle when _failure is not null && around.Time.GetElapsedTime(_failedAt) < _pause:
                    return new SiloUnavailableException(
                        $"No connection to {address}: {_failure.Message}; the call has not been sent.", _failure);
                case State.Idle:
                    StartConnecting_NeedsLock();
                    break;
                case State.Connected when _link!.TrySend(frame):
                    return null;
            }

            // A link that has just ended leaves the state at Connected until that has been told; the frame is for the next one.
            if (_pending.Count >= around.Options.MaxQueuedFrames)
                return new LimitExceededException(
                    $"{_pending.Count} calls wait for a connection to {address}; this one has not been sent.");
            _pending.Add(frame);
            return null;
        }
    }

    private void StartConnecting_NeedsLock()
    {
        _state = State.Connecting;
        around.Scheduler.Schedule(this, near: false);
    }

    /// <summary>
    /// Connects, serves the connection to its end, and once more if frames have come in meanwhile. One at a time.
    /// </summary>
    private async Task LiveAsync()
    {
        do
        {
            var link = await TryConnectAsync();
            if (link is null) return;
            var reason = await link.RunAsync();
            Detach(link.EndedInSilence ? reason : null);
            around.Log.Lost(address, reason.Message);
            around.Receiver.Lost(address, reason);
            transport.OnPeerLost(address);
        }
        while (MustGoOn());
    }

    private async Task<Link?> TryConnectAsync()
    {
        try
        {
            // It would be ended with the first frame, and made again for the next.
            if (!around.Membership.MayServe) throw new SiloUnavailableException("This silo has lost its lease.");
            var stream = await transport.DialAsync(address);
            if (Attach(stream) is { } link) return link;
            await stream.DisposeAsync();
        }
        catch (Exception exception)
        {
            // A loop's edge: whatever keeps the connection from being made is told to those who wait for it.
            Fail(exception);
        }

        return null;
    }

    /// <summary>
    /// Makes the connection the way for frames; those that waited come first. Null when it is not wanted any more.
    /// </summary>
    private Link? Attach(Stream stream)
    {
        var link = new Link(stream, address, around);
        lock (_lock)
        {
            EndAttempt_NeedsLock();
            if (_state == State.Closed) return null;
            _state = State.Connected;
            _failure = null;
            _loggedFailure = null;
            _pause = TimeSpan.Zero;
            foreach (var frame in _pending) link.TrySend(frame);
            _pending.Clear();
            Volatile.Write(ref _link, link);
        }

        around.Log.Connected(address);
        return link;
    }

    /// <param name="failure">Why another attempt will hardly do better; null: it may.</param>
    private void Detach(Exception? failure)
    {
        lock (_lock)
        {
            _failure = failure;
            Volatile.Write(ref _link, null);
            if (_state == State.Connected) _state = State.Connecting;
        }
    }

    /// <summary>Whether another connection is needed; if not, the next frame will see to it.</summary>
    private bool MustGoOn()
    {
        lock (_lock)
        {
            if (_state == State.Connecting && (_pending.Count != 0 || _attempt is not null)) return true;
            if (_state == State.Connecting) _state = State.Idle;
        }

        FailPending(new SiloUnavailableException($"{address} is not in the cluster any more; the call has not been sent."));
        return false;
    }

    private void Fail(Exception exception)
    {
        var reason = new SiloUnavailableException(
            $"No connection to {address}: {exception.Message}; the call has not been sent.", exception);
        lock (_lock)
        {
            if (_state == State.Connecting) _state = State.Idle;
            _failure = exception;
            _failedAt = around.Time.GetTimestamp();
            _pause = _pause == TimeSpan.Zero ? FirstPause : _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
            EndAttempt_NeedsLock();
        }

        LogOnce(exception);
        FailPending(reason);
    }

    private void FailPending(Exception reason)
    {
        IOutboundFrame[] frames;
        lock (_lock)
        {
            if (_state is State.Connecting or State.Connected) return;
            frames = [.. _pending];
            _pending.Clear();
        }

        foreach (var frame in frames) frame.Undeliverable(reason);
    }

    /// <summary>A failure is told when it is new, not with each attempt.</summary>
    private void LogOnce(Exception exception)
    {
        if (_loggedFailure == exception.Message) return;
        _loggedFailure = exception.Message;
        if (exception is HandshakeException { IsPermanent: true } refused)
            around.Log.Refused(address, refused.Refusal, refused.Message);
        else around.Log.NoConnection(address, exception.Message);
    }

    public static ProbeAnswer Judge(Exception? failure) => failure switch
    {
        ConnectionRefusedException => new ProbeAnswer(ProbeFinding.Gone, failure.Message),
        HandshakeException { Refusal: Refusal.OtherIncarnation } => new ProbeAnswer(ProbeFinding.Gone, failure.Message),
        HandshakeException { IsPermanent: true } refused =>
            new ProbeAnswer(ProbeFinding.Misfit, failure.Message) { Refusal = refused.Refusal },
        _ => new ProbeAnswer(ProbeFinding.Silent, failure?.Message ?? "no connection"),
    };

    private static TaskCompletionSource NewAttempt() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void EndAttempt_NeedsLock()
    {
        _attempt?.TrySetResult();
        _attempt = null;
    }
}
