namespace Mall.Runtime;

/// <summary>
/// One grain in memory: its mailbox, its turns and its life. It is the synchronization context of the grain's code, so that every
/// await comes back to it, and the work item by which its turns get a thread.
/// <para>
/// Threading: other threads touch the inbox (lock-free), read the fields marked as hints, and nothing else. All other state
/// belongs to the <em>owner</em>: the thread inside <see cref="IThreadPoolWorkItem.Execute"/>, of which the inbox admits one at a
/// time. Ownership passes through the inbox's compare-and-swap and the scheduler's queue, which order memory.
/// </para>
/// </summary>
internal sealed partial class Activation : SynchronizationContext, IGrainContext, IThreadPoolWorkItem
{
    [ThreadStatic]
    private static Activation? _beingCreated;

    private readonly GrainId _grainId;

    // Shared with other threads.
    private Inbox _inbox;
    private volatile Stage _stage;

    // The owner's; the sweeper walks the lists as hints, see Sweep.
    private MailboxItem? _current;
    private MailboxItem? _ready;
    private int _readyCount;
    private JobQueue _waiting;
    private Job? _running;
    private int _blockingCount;
    private int _readingCount;
    private int _runningCount;
    private bool _readersMayWait;
    private Transition? _transition;
    private GrainTimer? _timers;

    // The owner's; statistics and the sweeper read them as hints.
    private long _lastUsed;
    private long _keepUntil;
    private long _calls;
    private long _callsWhenSwept;

    /// <summary>Registers nothing: the catalog does that.</summary>
    public Activation(GrainClass grainClass, in GrainId grainId)
    {
        Class = grainClass;
        _grainId = grainId;
        _inbox = Inbox.CreateAsleep();
        _lastUsed = grainClass.Runtime.Clock.Now;
    }

    /// <summary>The activation whose instance is being constructed on this thread.</summary>
    public static Activation? BeingCreated => _beingCreated;

    public GrainClass Class { get; }

    public SiloRuntime Runtime => Class.Runtime;

    public GrainId GrainId => _grainId;

    /// <summary>
    /// Null before it is constructed, and again after the end, so that a remembered activation keeps no grain alive.
    /// </summary>
    public Grain? Instance { get; private set; }

    object? IGrainContext.GrainInstance => Instance;

    public IServiceProvider ActivationServices => Runtime.Services;

    public IGrainFactory GrainFactory => Runtime.References;

    /// <summary>A hint: requests that are pushed nevertheless are passed on.</summary>
    public bool HasEnded => _stage == Stage.Ended;

    /// <summary>A hint: it is on its way up or takes calls, and may have to be asked to end.</summary>
    public bool IsYoungOrActive => _stage <= Stage.Active;

    /// <summary>A hint: calls that have started here.</summary>
    public long Calls => Volatile.Read(ref _calls);

    /// <summary>A hint: items that wait, of all kinds.</summary>
    public int QueueLength => _inbox.Count + _readyCount + _waiting.Count;

    /// <summary>A hint: nothing waits and nothing runs.</summary>
    public bool IsIdle =>
        _inbox.IsAsleep && _waiting.Count == 0 && Volatile.Read(ref _runningCount) == 0
            && _stage is (Stage.Active or Stage.Ended);

    /// <summary>Puts a request into the mailbox, unless it is full. From any thread.</summary>
    public bool TryReceive(GrainRequest request)
    {
        if (QueueLength >= Runtime.MailboxLimit) return false;
        if ((_calls & CallTiming.SampleMask) == 0) request.SentAt = Runtime.Time.GetTimestamp();
        Post(request);
        return true;
    }

    /// <summary>
    /// Puts an item into the mailbox that must not be refused, because it belongs to what runs already. From any thread.
    /// </summary>
    public void Post(MailboxItem item)
    {
        if (_inbox.Push(item)) Runtime.Scheduler.Schedule(this, near: false);
    }

    /// <summary>The continuation of an await in the grain's code comes back as a turn.</summary>
    public override void Post(SendOrPostCallback d, object? state) => Post(new PostedCallback(d, state));

    /// <summary>Blocking on a grain's turn is never right.</summary>
    public override void Send(SendOrPostCallback d, object? state) =>
        throw new NotSupportedException("Grain code must not block: await instead.");

    public override SynchronizationContext CreateCopy() => this;

    public void DelayDeactivation(TimeSpan timeSpan)
    {
        var now = Runtime.Clock.Now;
        var span = (long)Math.Clamp(timeSpan.TotalMilliseconds, -1, long.MaxValue / 2);
        Volatile.Write(ref _keepUntil, span < 0 ? 0 : now + span);
    }

    public override string ToString() =>
        $"{_grainId}: {_stage}, {_runningCount} running, {_waiting.Count} waiting, {_inbox.Count} in the inbox, {_calls} calls";
}
