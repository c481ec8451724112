using System.Diagnostics.Metrics;
using Orleans.Metadata;

namespace Mall.Silo.Cluster;

/// <summary>
/// Which grains of this silo are called most: of every 64 calls of a thread one is noted. An estimate, and nearly free: it is in
/// the way of every call.
/// </summary>
internal sealed class HotGrains(TimeProvider time, IMeterFactory meters, ILocalSiloDetails silo, GrainClassMap classes)
    : IIncomingGrainCallFilter, IControllable
{
    public const string Name = "hot-grains";

    private const int SampleEvery = 64;
    private const int MostNoted = 10_000;
    private const int MostTold = 20;
    private static readonly TimeSpan s_window = TimeSpan.FromSeconds(10);

    private readonly Counter<long> _calls =
        meters.Create("mall").CreateCounter<long>("grain.calls", "{call}", "Calls of grains, by type; an estimate.");

    [ThreadStatic]
    private static int t_calls;

    private Window _window = new(0, []);
    private Window? _before;
    private (long At, TimeSpan Spent) _cpu = (time.GetTimestamp(), Environment.CpuUsage.TotalTime);

    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (++t_calls % SampleEvery == 0) Note(context.TargetId);
        return context.Invoke();
    }

    /// <summary>What this silo does, by the last whole window, or by the present one while there is no other.</summary>
    Task<object?> IControllable.ExecuteCommand(int command, object? arg)
    {
        var isWhole = _before is { } before && time.GetElapsedTime(before.Start) < 2 * s_window;
        var noted = (isWhole ? _before! : _window).Noted.Where(grain => !grain.Key.Type.IsSystemTarget()).ToArray();
        return Task.FromResult<object?>(new SiloLoad(
            silo.SiloAddress.ToParsableString(), noted.Sum(grain => PerSecond(grain.Value)), CpuPercent(), Environment.WorkingSet,
            GC.GetTotalMemory(forceFullCollection: false), GC.GetGCMemoryInfo(GCKind.Any).PauseTimePercentage,
            [
                .. noted.OrderByDescending(grain => grain.Value).Take(MostTold)
                    .Select(grain => new HotGrain(NameOf(grain.Key), PerSecond(grain.Value))),
            ]));

        static double PerSecond(int count) => count * SampleEvery / s_window.TotalSeconds;
    }

    /// <summary>
    /// Orleans writes a number in base 16, and so might somebody a gid: whether a key is a number its class knows, not the text.
    /// </summary>
    private string NameOf(GrainId grain) =>
        classes.TryGetGrainClass(grain.Type, out var type) && type.IsAssignableTo(typeof(IGrainWithIntegerKey))
            && grain.TryGetIntegerKey(out var number, out _)
            ? string.Create(CultureInfo.InvariantCulture, $"{grain.Type}/{number}")
            : grain.ToString();

    /// <summary>Since somebody asked last; of all processors.</summary>
    private double CpuPercent()
    {
        var (now, spent) = (time.GetTimestamp(), Environment.CpuUsage.TotalTime);
        var elapsed = time.GetElapsedTime(_cpu.At, now) * Environment.ProcessorCount;
        var percent = elapsed > TimeSpan.Zero ? 100 * ((spent - _cpu.Spent) / elapsed) : 0;
        _cpu = (now, spent);
        return percent;
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

/// <param name="Silo">Its address with its generation.</param>
/// <param name="Calls">A second, about.</param>
/// <param name="CpuPercent">Of all processors of its machine.</param>
/// <param name="GcPausePercent">Of its time, since its start.</param>
[GenerateSerializer, Immutable, Alias("mall.SiloLoad")]
internal sealed record SiloLoad(
    string Silo, double Calls, double CpuPercent, long MemoryBytes, long HeapBytes, double GcPausePercent, HotGrain[] Hottest);
