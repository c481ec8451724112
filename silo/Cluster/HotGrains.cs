using System.Diagnostics.Metrics;

namespace Mall.Silo.Cluster;

/// <summary>
/// Which grains of this silo are called most: of every 64 calls of a thread one is noted. An estimate, and nearly free: it is in
/// the way of every call.
/// </summary>
internal sealed class HotGrains(TimeProvider time, IMeterFactory meters) : IIncomingGrainCallFilter, IControllable
{
    public const string Name = "hot-grains";

    private const int SampleEvery = 64;
    private const int MostNoted = 10_000;
    private const int MostTold = 20;
    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(10);

    private readonly Counter<long> _calls =
        meters.Create("Mall.Grains").CreateCounter<long>("mall.grain.calls", "{call}", "Calls of grains, by type; an estimate.");

    [ThreadStatic]
    private static int t_calls;

    private Window _window = new(0, []);
    private Window? _before;

    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (++t_calls % SampleEvery == 0) Note(context.TargetId);
        return context.Invoke();
    }

    /// <summary>The hottest of the last whole window, or of the present one while there is no other.</summary>
    Task<object?> IControllable.ExecuteCommand(int command, object? arg)
    {
        var window = _before is { } before && time.GetElapsedTime(before.Start) < 2 * s_window ? before : _window;
        return Task.FromResult<object?>(window.Noted
            .Where(grain => !grain.Key.Type.IsSystemTarget())
            .OrderByDescending(grain => grain.Value).Take(MostTold)
            .Select(grain => new HotGrain(grain.Key.ToString(), grain.Value * SampleEvery / s_window.TotalSeconds))
            .ToArray());
    }

    private void Note(GrainId grain)
    {
        if (!grain.Type.IsSystemTarget())
            _calls.Add(SampleEvery, new KeyValuePair<string, object?>("grain", grain.Type.ToString()));
        var window = _window;
        if (time.GetElapsedTime(window.Start) > s_window)
        {
            var next = new Window(time.GetTimestamp(), []);
            if (Interlocked.CompareExchange(ref _window, next, window) == window) _before = window.Start > 0 ? window : null;
            window = _window;
        }

        if (window.Noted.Count < MostNoted) window.Noted.AddOrUpdate(grain, 1, static (_, count) => count + 1);
    }

    private sealed record Window(long Start, ConcurrentDictionary<GrainId, int> Noted);
}

/// <param name="Grain">Type and key.</param>
/// <param name="Calls">A second, about.</param>
[GenerateSerializer, Immutable, Alias("mall.HotGrain")]
internal sealed record HotGrain(string Grain, double Calls);
