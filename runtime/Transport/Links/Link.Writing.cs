namespace Mall.Runtime;

/// <content>From the queue to the stream.</content>
internal sealed partial class Link
{
    /// <summary>Frames are collected up to this many bytes and then written in one go: a large segment, a small delay.</summary>
    private const int FlushBytes = 64 * 1024;

    /// <summary>Only the add that finds the queue asleep schedules this, so there is one drainer at a time.</summary>
    void IThreadPoolWorkItem.Execute() => _ = DrainAsync();

    /// <summary>
    /// Writes until nothing waits. Whatever has come in while frames were turned into bytes goes out with them, so that under
    /// load many calls share a system call, and an idle link delays none.
    /// </summary>
    private async Task DrainAsync()
    {
        var taken = 0;
        var next = 0;
        try
        {
            while (true)
            {
                taken = _queue.TakeAll(taken);
                for (next = 0; next < taken;)
                {
                    next = Collect(next, taken);
                    if (_buffer.Length >= FlushBytes) await WriteOutAsync();
                }

                if (taken != 0) continue;
                if (_buffer.Length != 0) await WriteOutAsync();
                else if (_queue.TrySleep()) return;
            }
        }
        catch (Exception exception) // A loop's edge: whatever a stream throws ends this link.
        {
            Close(new SiloUnavailableException($"The connection to {Peer} has failed: {exception.Message}", exception));
            for (; next < taken; next++) _queue.Taken(next).Undeliverable(_closeReason!);
            _queue.TrySleep(); // True: the queue is closed.
        }
    }

    /// <summary>Turns frames into bytes until there are enough of them.</summary>
    /// <returns>The frame that comes next.</returns>
    private int Collect(int next, int taken)
    {
        var first = next;
        var before = _buffer.Length;
        while (next < taken && _buffer.Length < FlushBytes) Append(_queue.Taken(next++));
        _queue.Wrote(next - first, _buffer.Length - before);
        _around.Metrics.Wrote(next - first);
        return next;
    }

    private void Append(IOutboundFrame frame)
    {
        try
        {
            _buffer.Append(frame);
        }
        catch (Exception exception) // A loop's edge: what a serializer throws fails its frame and not the link.
        {
            frame.Undeliverable(exception);
        }
    }

    /// <summary>
    /// The last look at the lease before anything leaves: a process that has slept past its end must not answer as if it had not.
    /// </summary>
    private async ValueTask WriteOutAsync()
    {
        if (!_around.Membership.MayServe) throw new SiloUnavailableException("This silo has lost its lease.");
        await _stream.WriteAsync(_buffer.Written);
        _around.Metrics.WroteOut(_buffer.Length);
        _buffer.Clear();
    }
}
