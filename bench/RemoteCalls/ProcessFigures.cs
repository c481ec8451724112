using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Mall.Bench.RemoteCalls;

/// <summary>What a process has spent and sent since it started.</summary>
/// <param name="CpuUs">Processor time of all threads, microseconds.</param>
/// <param name="AllocatedBytes">All that was ever allocated.</param>
/// <param name="Frames">Frames written to other processes.</param>
/// <param name="Bytes">Their bytes, with their lengths.</param>
/// <param name="Writes">The writes that they shared.</param>
[GenerateSerializer, Immutable, Alias("mall.bench.ProcessFigures")]
public sealed record ProcessFigures(double CpuUs, long AllocatedBytes, long Frames, long Bytes, long Writes)
{
    /// <summary>What was spent between two looks.</summary>
    public ProcessFigures Since(ProcessFigures earlier)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        return new(
            CpuUs - earlier.CpuUs, AllocatedBytes - earlier.AllocatedBytes, Frames - earlier.Frames, Bytes - earlier.Bytes,
            Writes - earlier.Writes);
    }
}

/// <summary>Tells of its process.</summary>
[Alias("mall.bench.IProcessFiguresGrain")]
public interface IProcessFiguresGrain : IGrainWithIntegerKey
{
    /// <returns>The figures of the process that this grain lives in, now.</returns>
    [Alias("Take")]
    Task<ProcessFigures> Take();
}

/// <summary>See <see cref="IProcessFiguresGrain"/>.</summary>
public sealed class ProcessFiguresGrain : Grain, IProcessFiguresGrain
{
    public Task<ProcessFigures> Take() => Task.FromResult(FigureCounter.Take());
}

/// <summary>
/// Counts for this process. The transport's own metrics are counted once a batch, so that listening costs no call anything.
/// </summary>
static class FigureCounter
{
    static readonly MeterListener s_listener = new();
    static long s_frames;
    static long s_bytes;
    static long s_writes;

    /// <summary>Begins to count, once, before any transport is made.</summary>
    public static void Start()
    {
        s_listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Name.StartsWith("mall.runtime.transport.", StringComparison.Ordinal) && !instrument.IsObservable)
                listener.EnableMeasurementEvents(instrument);
        };
        s_listener.SetMeasurementEventCallback<long>(static (instrument, amount, _, _) => Count(instrument.Name, amount));
        s_listener.Start();
    }

    public static ProcessFigures Take()
    {
        using var process = Process.GetCurrentProcess();
        return new(
            process.TotalProcessorTime.TotalMicroseconds, GC.GetTotalAllocatedBytes(), Interlocked.Read(ref s_frames),
            Interlocked.Read(ref s_bytes), Interlocked.Read(ref s_writes));
    }

    static void Count(string instrument, long amount)
    {
        switch (instrument)
        {
            case "mall.runtime.transport.sent.frames": Interlocked.Add(ref s_frames, amount); break;
            case "mall.runtime.transport.sent.bytes": Interlocked.Add(ref s_bytes, amount); break;
            case "mall.runtime.transport.writes": Interlocked.Add(ref s_writes, amount); break;
        }
    }
}
