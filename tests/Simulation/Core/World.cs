using System.Runtime.InteropServices;

namespace Mall.Simulation;

/// <summary>
/// Everything there is, on one thread: events in the order of their time. Nothing in it runs by itself; whoever owns the world
/// lets it run, and the same seed gives the same run to the last event. Time passes only from event to event.
/// </summary>
public sealed class World(int seed)
{
    private const int LongestStory = 600;

    private readonly PriorityQueue<Event, (long Ticks, long Number)> _events = new();
    private readonly Dictionary<string, Random> _streams = [];
    private readonly Queue<(TimeSpan At, string What)> _story = new();
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private Random? _moments;
    private long _number;
    private long _ticks;
    private ulong _hash = 14695981039346656037;

    public int Seed { get; } = seed;

    /// <summary>Since the beginning.</summary>
    public TimeSpan Now => new(_ticks);

    /// <summary>What a right clock shows.</summary>
    public DateTimeOffset UtcNow => Start + Now;

    public static DateTimeOffset Start { get; } = new(2026, 11, 20, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Of all that was traced: two runs with equal hashes were the same run.</summary>
    public ulong TraceHash => _hash;

    public long Events { get; private set; }

    /// <summary>Says what happens, to be read after a failure. Off for speed; the hash is the same.</summary>
    public Action<string>? Listener { get; set; }

    /// <summary>The last things that were traced, oldest first.</summary>
    public IEnumerable<string> Story => _story.Select(Line);

    /// <summary>
    /// A source of chance of its own for each purpose, so that one more draw for one purpose leaves the others as they were.
    /// </summary>
    public Random Random(string purpose)
    {
        if (!_streams.TryGetValue(purpose, out var stream))
            _streams.Add(purpose, stream = new Random(unchecked((int)Mix(Mix(14695981039346656037, purpose), (ulong)Seed))));
        return stream;
    }

    /// <summary>Lets something happen later; what is scheduled for the same time happens in the order of these calls.</summary>
    /// <param name="owner">Whose doing it is: it does not happen once that one has died, and waits while it is frozen.</param>
    public void Schedule(TimeSpan delay, Action action, SimulatedProcess? owner = null)
    {
        ThrowIfElsewhere();
        _events.Enqueue(new Event(action, owner), (_ticks + Math.Max(0, delay.Ticks), ++_number));
    }

    /// <summary>The same, a moment later: some microseconds, so that what is ready at once runs in any order.</summary>
    internal void ScheduleSoon(Action action, SimulatedProcess? owner) =>
        Schedule(new TimeSpan((_moments ??= Random("moments")).Next(300)), action, owner);

    /// <summary>Lets time pass until it is over, or nothing more would ever happen, or the limit is reached.</summary>
    /// <returns>Whether it is over.</returns>
    public bool Run(Func<bool> isOver, TimeSpan limit)
    {
        SynchronizationContext.SetSynchronizationContext(null); // A test runner's would be awaited on instead.
        var end = _ticks + limit.Ticks;
        while (!isOver())
        {
            if (!_events.TryPeek(out _, out var next) || next.Ticks > end)
            {
                _ticks = end;
                return isOver();
            }

            var (action, owner) = _events.Dequeue();
            if (next.Ticks > _ticks) _ticks = next.Ticks;
            if (owner is { IsAlive: false }) continue;
            if (owner is { IsFrozen: true }) owner.Defer(action);
            else action();
            Events++;
        }

        return true;
    }

    /// <summary>A line of the story, which also tells runs apart.</summary>
    public void Trace(string what)
    {
        _hash = Mix(Mix(_hash, (ulong)_ticks), what);
        if (_story.Count == LongestStory) _story.Dequeue();
        _story.Enqueue((Now, what));
        Listener?.Invoke(Line((Now, what)));
    }

    /// <summary>Code under test that comes back on another thread has left the simulation, and the run means nothing.</summary>
    internal void ThrowIfElsewhere()
    {
        if (Environment.CurrentManagedThreadId == _thread) return;
        Console.Error.WriteLine($"Seed {Seed}: something left the simulated thread. {Environment.StackTrace}");
        Environment.Exit(70); // An exception on a thread of the pool would be lost in a task.
    }

    private static string Line((TimeSpan At, string What) happened) => $"{happened.At:hh\\:mm\\:ss\\.ffffff} {happened.What}";

    private static ulong Mix(ulong hash, string text)
    {
        var blocks = MemoryMarshal.Cast<char, ulong>(text.AsSpan());
        foreach (var block in blocks) hash = Mix(hash, block);
        foreach (var c in text.AsSpan(blocks.Length * 4)) hash = Mix(hash, c);
        return hash;
    }

    private static ulong Mix(ulong hash, ulong value)
    {
        hash = (hash ^ value) * 0x9E3779B97F4A7C15;
        return hash ^ (hash >> 29);
    }

    private readonly record struct Event(Action Action, SimulatedProcess? Owner);
}
