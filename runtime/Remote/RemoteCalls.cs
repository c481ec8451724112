using System.Collections.Concurrent;

namespace Mall.Runtime;

/// <summary>Calls to and from other silos: the numbers of calls that are under way, and the frames that come in.</summary>
internal sealed partial class RemoteCalls(
    SiloRuntime runtime, IMembership membership, ITransport transport, TypeManifestBuilder manifest) : IFrameReceiver
{

    private readonly ConcurrentDictionary<long, OutgoingCall> _outgoing = new();
    private readonly ConcurrentDictionary<(SiloAddress, long), GrainRequest> _cancellable = new();
    private readonly ExceptionTypes _exceptions = new(manifest.Exceptions);
    private long _lastCall;

    public ITransport Transport => transport;

    public void Start() => transport.Start(this);

    /// <summary>
    /// Sends a request to the silo that owns its grain, by way of another where this process cannot reach that one.
    /// </summary>
    public void Send(GrainRequest request, SiloAddress owner, long viewVersion)
    {
        var number = Interlocked.Increment(ref _lastCall);
        var detour = transport.IsOutOfReach(owner) && !IsDetour(request) ? Detour(owner, number) : null;
        var destination = detour ?? owner;
        var call = new OutgoingCall(this, request, number, destination, detour is not null, viewVersion);
        if (!request.IsOneWay) _outgoing[call.Number] = call; // Nobody waits for the end of a one-way call.
        request.Extras?.Cancellation?.Entered(call);
        // A caller that gave up before the line above has found nothing to cancel.
        if (request.IsPending) transport.Send(destination, call);
        else Forget(call);
    }

    /// <summary>Somebody who may reach a silo that this process cannot; another one for each number. Null: nobody.</summary>
    private SiloAddress? Detour(SiloAddress owner, long number)
    {
        var silos = membership.Current.Silos;
        for (var i = 0; i < silos.Length; i++)
        {
            var silo = silos[(int)((number + i) % silos.Length)];
            if (!silo.Equals(owner) && !silo.Equals(runtime.Self) && !transport.IsOutOfReach(silo)) return silo;
        }

        return null;
    }

    /// <summary>
    /// Whether others wait for answers that come by way of this silo: detours, and requests that came here for a grain which has
    /// moved on since.
    /// </summary>
    public bool PassesOn =>
        Volatile.Read(ref _retrying) != 0 || _outgoing.Any(static entry => entry.Value.Request.Caller is IncomingCaller);

    private static bool IsDetour(GrainRequest request) => request.Extras is { CameByDetour: true };

    public long TimeLeft(GrainRequest request) => Math.Max(1, request.Deadline - runtime.Clock.Now);

    /// <summary>
    /// Takes the call out of the table; false when it was not there any more, so that only one of those who end it goes on.
    /// </summary>
    public bool Forget(OutgoingCall call) => _outgoing.TryRemove(KeyValuePair.Create(call.Number, call));

    public void SendCancel(OutgoingCall call) => transport.Send(call.Destination, new CancelFrame(call.Number));

    public void Ended(IncomingCaller caller) => _cancellable.TryRemove((caller.Source, caller.Call), out _);

    /// <summary>Ends calls that are overdue.</summary>
    public void Sweep(long now)
    {
        foreach (var (_, call) in _outgoing)
        {
            call.Request.EndIfOverdue(now);
            if (!call.Request.IsPending) Forget(call);
        }
    }

    /// <summary>Ends all calls, because the silo stops and will not hear the replies.</summary>
    public void AbandonCalls(Exception reason)
    {
        foreach (var (_, call) in _outgoing) call.Lose(reason);
    }

    public void Lost(SiloAddress peer, Exception reason)
    {
        LoseReleases(peer);
        SiloUnavailableException? unknown = null;
        foreach (var (_, call) in _outgoing)
        {
            if (!call.IsWritten || !call.Destination.Equals(peer)) continue;
            unknown ??= new SiloUnavailableException(
                $"{reason.Message} Whether a call to it that was under way had its effect is unknown.", reason);
            call.Lose(unknown);
        }
    }

    public void Receive(SiloAddress source, ReadOnlySpan<byte> frame)
    {
        if (frame.IsEmpty) throw new WireFormatException("An empty frame.");
        var reader = new WireReader(frame[1..]);
        switch ((FrameKind)frame[0])
        {
            case FrameKind.Request:
                ReceiveRequest(source, ref reader);
                break;
            case FrameKind.Reply:
                ReceiveReply(ref reader);
                break;
            case FrameKind.Cancel:
                if (_cancellable.TryRemove((source, FrameCodec.ReadCall(ref reader)), out var request))
                    request.Abandon(new OperationCanceledException("The caller has given up."));
                break;
            case FrameKind.Release:
                ReceiveRelease(source, ref reader);
                break;
            case FrameKind.Released:
                ReceiveReleased(ref reader);
                break;
            default:
                throw reader.Malformed("no such kind of frame");
        }
    }

    private void ReceiveRequest(SiloAddress source, ref WireReader reader)
    {
        var header = FrameCodec.ReadRequestHeader(ref reader);
        var caller = new IncomingCaller(this, source, header.Call, header.IsOneWay);
        if (header.Target.ToGrainId() is not { } grainId)
        {
            caller.Refuse(new ArgumentException($"No grain of type '{header.Target.UnknownType}' is known here."));
            return;
        }

        if (!manifest.Methods.TryGetValue(header.Method, out var method))
        {
            caller.Refuse(new NotSupportedException($"{grainId}: this silo knows no method {header.Method:x16}."));
            return;
        }

        GrainRequest request;
        try
        {
            request = method.Read(ref reader);
        }
        catch (WireFormatException exception)
        {
            // The frame is sound and this call's arguments are not: a sender of another version. The connection may go on.
            caller.Refuse(exception);
            return;
        }

        request.Prepare(new GrainReference(runtime, grainId), caller, header, runtime.Clock.Now);
        if (request.ListenToCaller())
        {
            caller.IsCancellable = true;
            _cancellable[(source, header.Call)] = request;
        }

        Accept(request, caller, header.ViewVersion);
    }

    /// <summary>Runs the request here if this silo owns the grain, in the newest view that either side knows.</summary>
    private void Accept(GrainRequest request, IncomingCaller caller, long senderView)
    {
        var here = membership.Current.Version;
        if (runtime.MayRunHere(request) || (runtime.IsServing && IsDetour(request))) runtime.Dispatch(request);
        else if (senderView <= here) RefuseAsNotOwner(request, caller, here);
        else _ = AcceptInNewerView(request, caller, senderView);
        membership.Hint(senderView);
    }

    private async Task AcceptInNewerView(GrainRequest request, IncomingCaller caller, long senderView)
    {
        await membership.RefreshAsync(senderView, CancellationToken.None);
        if (runtime.MayRunHere(request)) runtime.Dispatch(request);
        else RefuseAsNotOwner(request, caller, membership.Current.Version);
    }

    /// <summary>
    /// The caller sends it again, by a newer view. Nobody waits for a one-way call, so that one is passed on from here.
    /// </summary>
    private void RefuseAsNotOwner(GrainRequest request, IncomingCaller caller, long viewVersion)
    {
        if (caller.IsCancellable) Ended(caller);
        if (!request.IsOneWay) transport.Send(caller.Source, new NotOwnerFrame(caller.Call, viewVersion));
        else SendAgain(request, viewVersion, 0, $"Silo {runtime.Self} does not own {request.Target.GrainId}.");
    }

    private void ReceiveReply(ref WireReader reader)
    {
        // A reply to a call that has timed out finds nothing.
        if (!_outgoing.TryRemove(FrameCodec.ReadCall(ref reader), out var call)) return;
        var request = call.Request;
        try
        {
            if (!reader.TryReadField(out var field, out var type)) throw reader.Malformed("an empty reply");
            switch (field)
            {
                case ReplyField.Result:
                    reader.EnterGroup(type);
                    request.ReadResult(ref reader);
                    request.Answer();
                    break;
                case ReplyField.Fault:
                    request.Answer(ExceptionCodec.Read(ref reader, type, _exceptions));
                    break;
                case ReplyField.NotOwner:
                    var otherView = reader.ReadSigned(type);
                    SendAgain(
                        request, call.ViewVersion, otherView, $"Silo {call.Destination} does not own {request.Target.GrainId}.");
                    break;
                default:
                    throw reader.Malformed("no such reply");
            }
        }
        catch (WireFormatException exception)
        {
            request.Answer(exception);
        }
    }
}
