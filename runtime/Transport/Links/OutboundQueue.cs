namespace Mall.Runtime;

/// <summary>
/// Frames that wait to be written, in order. Many threads add; one at a time drains, and it is the add that finds the queue
/// asleep that has to wake it. Two arrays change places, so that adding and draining hold the lock for some instructions only.
/// </summary>
internal sealed class OutboundQueue(int maxFrames, long maxBytes)
{
    private const int InitialLength = 64;
    private const int LongestKept = 16 * 1024;

    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IOutboundFrame[] _frames = new IOutboundFrame[InitialLength];
    private IOutboundFrame[] _spare = new IOutboundFrame[InitialLength];
    private int _count;
    private bool _isAwake;
    private bool _isClosed;

    // The drainer's; others read it as a hint.
    private int _meanBytes = 128;

    public enum Answer
    {
        /// <summary>It waits, and somebody is at work.</summary>
        Added,

        /// <summary>It waits, and the caller must see to it that draining starts.</summary>
        AddedAndAsleep,

        /// <summary>There is no room for it.</summary>
        Full,

        /// <summary>Nothing is taken any more.</summary>
        Closed,
    }

    /// <summary>Ends when the queue is closed and nobody drains it.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Frames that wait. A figure only.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Nothing waits and nobody drains. A figure only.</summary>
    public bool IsIdle => !Volatile.Read(ref _isAwake) && Count == 0;

    public Answer Add(IOutboundFrame frame)
    {
        var room = frame.IsAnswer ? 2 : 1;
        lock (_lock)
        {
            if (_isClosed) return Answer.Closed;
            if (_count >= room * (long)maxFrames || _count * (long)_meanBytes >= room * maxBytes) return Answer.Full;
            if (_count == _frames.Length) Array.Resize(ref _frames, _count * 2);
            _frames[_count++] = frame;
            if (_isAwake) return Answer.Added;
            _isAwake = true;
            return Answer.AddedAndAsleep;
        }
    }

    /// <summary>
    /// Takes all that waits, for <see cref="Taken"/>; what was taken before is forgotten. The drainer's.
    /// </summary>
    /// <param name="lastTaken">How many were taken before.</param>
    /// <returns>How many; 0 when nothing waits or the queue is closed.</returns>
    public int TakeAll(int lastTaken)
    {
        if (_spare.Length > LongestKept && lastTaken < LongestKept / 2) _spare = new IOutboundFrame[InitialLength];
        else _spare.AsSpan(0, lastTaken).Clear();
        lock (_lock)
        {
            if (_isClosed || _count == 0) return 0;
            var count = _count;
            (_frames, _spare) = (_spare, _frames);
            _count = 0;
            return count;
        }
    }

    /// <summary>Stops draining unless something waits. The drainer's, which it is no more after true.</summary>
    public bool TrySleep()
    {
        lock (_lock)
        {
            if (!_isClosed && _count != 0) return false;
            _isAwake = false;
            if (_isClosed) _ended.TrySetResult();
            return true;
        }
    }

    /// <summary>What the drainer holds: the frame at this place of what it took last.</summary>
    public IOutboundFrame Taken(int index) => _spare[index];

    /// <summary>The drainer has written frames of this many bytes.</summary>
    public void Wrote(int frames, long bytes)
    {
        if (frames > 0) Volatile.Write(ref _meanBytes, (int)Math.Clamp((_meanBytes * 7L + bytes / frames) / 8, 16, int.MaxValue));
    }

    /// <summary>Nothing is taken from here on. From any thread; a drainer at work finds out when it wants more.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            if (!_isAwake) _ended.TrySetResult();
        }
    }

    /// <summary>What was left when the queue was closed. Only after <see cref="Ended"/>.</summary>
    public IOutboundFrame[] TakeRest()
    {
        lock (_lock)
        {
            var rest = _frames.AsSpan(0, _count).ToArray();
            _count = 0;
            return rest;
        }
    }
}
