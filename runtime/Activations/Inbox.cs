namespace Mall.Runtime;

/// <summary>
/// Where other threads put items for an activation, without a lock: a stack of which the owner takes all at once and turns it
/// round. The head also says whether the activation is scheduled. <see cref="Asleep"/>: it is not, and whoever pushes first must
/// schedule it. Null: it is scheduled or running, with nothing new. Otherwise the newest item.
/// </summary>
internal struct Inbox
{
    private static readonly MailboxItem Asleep = new SleepMark();

    private MailboxItem? _head;

    /// <summary>An inbox that is asleep.</summary>
    public static Inbox CreateAsleep() => new() { _head = Asleep };

    /// <summary>How many items wait here. Only a figure: others push meanwhile.</summary>
    public readonly int Count => Volatile.Read(in _head)?.Depth ?? 0;

    /// <summary>Whether the activation neither runs nor is scheduled. Only a figure.</summary>
    public readonly bool IsAsleep => ReferenceEquals(Volatile.Read(in _head), Asleep);

    /// <summary>The newest item and, through its links, those before it. For readers that judge each item by itself.</summary>
    public readonly MailboxItem? Peek => IsAsleep ? null : Volatile.Read(in _head);

    /// <summary>Adds an item. True: the activation slept, and the caller must schedule it now.</summary>
    public bool Push(MailboxItem item)
    {
        var head = Volatile.Read(in _head);
        while (true)
        {
            var asleep = ReferenceEquals(head, Asleep);
            item.Next = asleep ? null : head;
            item.Depth = (head?.Depth ?? 0) + 1;
            var seen = Interlocked.CompareExchange(ref _head, item, head);
            if (ReferenceEquals(seen, head)) return asleep;
            head = seen;
        }
    }

    /// <summary>Takes everything, oldest first. Owner only, and only while it is awake.</summary>
    public MailboxItem? TakeAll(out int count)
    {
        count = 0;
        if (Volatile.Read(in _head) is null) return null;
        var newest = Interlocked.Exchange(ref _head, null)!;
        count = newest.Depth;
        return OldestFirst(newest);
    }

    private static MailboxItem? OldestFirst(MailboxItem? newest)
    {
        MailboxItem? oldestFirst = null;
        while (newest is not null)
        {
            var older = newest.Next;
            newest.Next = oldestFirst;
            oldestFirst = newest;
            newest = older;
        }

        return oldestFirst;
    }

    /// <summary>
    /// Goes to sleep unless something has come in. Owner only, and after true it is the owner no more: the next push may already
    /// run the activation on another thread.
    /// </summary>
    public bool TrySleep() => Interlocked.CompareExchange(ref _head, Asleep, null) is null;

    /// <summary>Depth 0, so that it counts as nothing.</summary>
    private sealed class SleepMark : MailboxItem
    {
        internal override void Run(Activation activation) { }
    }
}
