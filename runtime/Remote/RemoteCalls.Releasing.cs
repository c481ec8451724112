using System.Buffers;
using System.Collections.Concurrent;

namespace Mall.Runtime;

/// <content>Grains that move: one silo asks another to let go of one, see <see cref="Handover"/>.</content>
internal sealed partial class RemoteCalls
{
    /// <summary>How long a grain's running calls may keep it where it was, once another silo wants to activate it.</summary>
    private static readonly TimeSpan ReleaseLimit = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan ReleasePoll = TimeSpan.FromMilliseconds(5);

    private readonly ConcurrentDictionary<long, ReleaseFrame> _releases = new();

    /// <summary>
    /// Ends when the grain is active there no more, when that cannot be found out, or when it has taken too long. Never fails.
    /// </summary>
    public async Task AskToReleaseAsync(GrainId grainId, SiloAddress owner)
    {
        var ask = new ReleaseFrame(this, Interlocked.Increment(ref _lastCall), owner, grainId, membership.Current.Version);
        _releases[ask.Number] = ask;
        transport.Send(owner, ask);
        using var limit = new CancellationTokenSource(ReleaseLimit, runtime.Time);
        await using var registration = limit.Token.UnsafeRegister(static a => ((ReleaseFrame)a!).Done.TrySetResult(), ask);
        await ask.Done.Task;
        _releases.TryRemove(ask.Number, out _);
    }

    private void LoseReleases(SiloAddress peer)
    {
        foreach (var (_, ask) in _releases)
        {
            if (ask.Owner.Equals(peer)) ask.Done.TrySetResult();
        }
    }

    private void ReceiveRelease(SiloAddress source, ref WireReader reader)
    {
        var header = FrameCodec.ReadRelease(ref reader);
        if (header.Target.ToGrainId() is not { } grainId) throw reader.Malformed("a release without a grain");
        if (membership.Current.Version >= header.ViewVersion && !runtime.Catalog.TryGet(grainId, out _))
            transport.Send(source, new ReleasedFrame(header.Call));
        else
            _ = ReleaseAsync(source, header.Call, header.ViewVersion, grainId);
    }

    /// <summary>In a view as new as the asker's, so that nothing is activated here again behind the answer.</summary>
    private async Task ReleaseAsync(SiloAddress source, long call, long viewVersion, GrainId grainId)
    {
        var start = runtime.Time.GetTimestamp();
        await membership.RefreshAsync(viewVersion, CancellationToken.None);
        while (runtime.Catalog.TryGet(grainId, out var activation) && runtime.Time.GetElapsedTime(start) < ReleaseLimit)
        {
            if (activation.IsYoungOrActive)
                activation.Deactivate(new DeactivationReason(DeactivationReasonCode.Migrating, $"{source} owns the grain now."));
            await Task.Delay(ReleasePoll, runtime.Time);
        }

        transport.Send(source, new ReleasedFrame(call));
    }

    private void ReceiveReleased(ref WireReader reader)
    {
        if (_releases.TryGetValue(FrameCodec.ReadCall(ref reader), out var ask)) ask.Done.TrySetResult();
    }

    private sealed class ReleaseFrame(
        RemoteCalls remote, long number, SiloAddress owner, GrainId grainId, long viewVersion) : IOutboundFrame
    {
        public long Number => number;

        public SiloAddress Owner => owner;

        /// <summary>
        /// Whoever waits is an activation, whose context its continuation is posted to: nothing runs inside the setter.
        /// </summary>
        public TaskCompletionSource Done { get; } = new();

        public bool IsAnswer => false;

        public void WriteTo(IBufferWriter<byte> output) => FrameCodec.WriteRelease(output, number, viewVersion, grainId);

        public void Undeliverable(Exception reason)
        {
            if (remote._releases.TryRemove(KeyValuePair.Create(number, this))) Done.TrySetResult();
        }
    }

    private sealed class ReleasedFrame(long call) : IOutboundFrame
    {
        public bool IsAnswer => true;

        public void WriteTo(IBufferWriter<byte> output) => FrameCodec.WriteReleased(output, call);

        /// <summary>The asker has hung up, and so has stopped waiting.</summary>
        public void Undeliverable(Exception reason)
        {
        }
    }
}
