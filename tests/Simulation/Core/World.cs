using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Mall.Simulation;

/// <summary>Everything there is, on one thread: events in the order of their time. Nothing in it runs by itself; whoever owns the
/// world lets it run, and the same seed gives the same run to the last event. Time passes only from event to event.</summary>
public sealed class World(int seed)
{
    private const int LongestStory = 600;
    private static readonly DateTimeOffset s_start = new(2026, 11, 20, 0, 0, 0, TimeSpan.Zero);

    private readonly PriorityQueue<(Action Action, SimulatedProcess? Owner), (TimeSpan At, long Number)> _events = new();
    private readonly Dictionary<string, Random> _streams = [];
    private readonly Queue<string> _story = new();
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private Random? _moments;

    public TimeSpan Now { get; private set; } // since the beginning
    public DateTimeOffset UtcNow => s_start + Now; // by a right clock
    public long Events { get; private set; }
    public ulong TraceHash => BitConverter.ToUInt64(_hash.GetCurrentHash()); // two runs with equal hashes were the same run
    public Action<string>? Listener { get; init; } // hears each line of the story. Off for speed; the hash is the same
    public IEnumerable<string> Story => _story; // the last things that were traced, oldest first

    /// <summary>A source for each purpose, so that one more draw for one purpose leaves the others as they were.</summary>
    public Random Random(string purpose)
    {
        if (!_streams.TryGetValue(purpose, out var stream))
            _streams[purpose] = stream = new(BitConverter.ToInt32(SHA256.HashData(Encoding.UTF8.GetBytes($"{seed} {purpose}"))));
        return stream;
    }

    /// <summary>Lets something happen later; what is scheduled for the same time happens in the order of these calls.</summary>
    /// <param name="owner">Whose doing it is: it does not happen once that one has died, and waits while it is frozen.</param>
    public void Schedule(TimeSpan delay, Action action, SimulatedProcess? owner = null)
    {
        ThrowIfElsewhere();
        _events.Enqueue((action, owner), (Now + (delay > TimeSpan.Zero ? delay : TimeSpan.Zero), ++Events));
    }

    /// <summary>The same, some microseconds later, so that what is ready at once runs in any order.</summary>
    internal void ScheduleSoon(Action action, SimulatedProcess? owner) =>
        Schedule(new TimeSpan((_moments ??= Random("moments")).Next(300)), action, owner);

    /// <summary>Lets time pass until it is over, or the limit is reached; says whether it is over.</summary>
    public bool Run(Func<bool> isOver, TimeSpan limit)
    {
        SynchronizationContext.SetSynchronizationContext(null); // A test runner's would be awaited on instead.
        for (var end = Now + limit; !isOver();)
        {
            var isNext = _events.TryPeek(out _, out var next) && next.At <= end;
            Now = isNext ? next.At : end;
            if (!isNext) return isOver();
            var (action, owner) = _events.Dequeue();
            if (owner is { IsFrozen: true }) owner.Defer(action);
            else if (owner is not { IsAlive: false }) action();
        }

        return true;
    }

    public void Pass(TimeSpan time) => Run(() => false, time);

    public void Trace(string what)
    {
        var line = $"{Now:hh\\:mm\\:ss\\.ffffff} {what}";
        _hash.AppendData(MemoryMarshal.AsBytes(line.AsSpan()));
        if (_story.Count == LongestStory) _story.Dequeue();
        _story.Enqueue(line);
        Listener?.Invoke(line);
    }

    /// <summary>Code under test that comes back on another thread has left the simulation, and the run means nothing.</summary>
    internal void ThrowIfElsewhere()
    {
        if (Environment.CurrentManagedThreadId != _thread) // An exception on a thread of the pool would be lost in a task.
            Environment.FailFast($"Seed {seed}: something left the simulated thread. {Environment.StackTrace}");
    }
}

public sealed class Tally() : SortedDictionary<string, long>(StringComparer.Ordinal)
{
    public void Note(string what, long by = 1) => this[what] = this.GetValueOrDefault(what) + by;

    public void Add(Tally other)
    {
        foreach (var (what, count) in other) Note(what, count);
    }
}
