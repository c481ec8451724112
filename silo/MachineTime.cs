using System.Runtime.InteropServices;

namespace Mall.Silo;

/// <summary>
/// The system's time, with timestamps that go on while the machine sleeps. A silo measures its lease by them, and the database
/// has not slept: Linux's usual clock for spans stands still in a suspended machine, so that one would wake up with a lease that
/// ended long ago and believe in it. No timestamp follows the wall clock, which may jump.
/// </summary>
public sealed class MachineTime : TimeProvider
{
    private const int BootTime = 7; // CLOCK_BOOTTIME
    private const long NanosecondsPerSecond = 1_000_000_000;

    private MachineTime()
    {
    }

    /// <summary>The system's own where that counts sleep already, or where this one is not to be had.</summary>
    public static TimeProvider Instance { get; } = IsAvailable() ? new MachineTime() : System;

    /// <inheritdoc/>
    public override long TimestampFrequency => NanosecondsPerSecond;

    /// <inheritdoc/>
    public override long GetTimestamp()
    {
        _ = ReadClock(BootTime, out var now);
        return now.Seconds * NanosecondsPerSecond + now.Nanoseconds;
    }

    private static bool IsAvailable()
    {
        try
        {
            return OperatingSystem.IsLinux() && Environment.Is64BitProcess && ReadClock(BootTime, out _) == 0;
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
            return false;
        }
    }

    // Neither blocks nor calls back, and takes some twenty nanoseconds: the runtime need not know that the thread is away.
    [DllImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [SuppressGCTransition]
    private static extern int ReadClock(int clock, out Time time);

    [StructLayout(LayoutKind.Sequential)]
    private struct Time
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
