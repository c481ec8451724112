using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Mall.TestServers.Networks;

/// <summary>
/// A cable whose two ends are this process's: it takes each frame from one and gives it to the other after a while, in order. The
/// kernel's own way to delay frames, netem, is not in every kernel.
/// </summary>
internal sealed class SlowCable : IDisposable
{
    private const int LongestFrame = 64 * 1024;
    private const ulong SetInterface = 0x400454ca; // TUNSETIFF
    private const short TapWithoutHeaders = 0x0002 | 0x1000; // IFF_TAP | IFF_NO_PI
    private const int NameLength = 16;
    private const int RequestLength = 40;

    private readonly SafeFileHandle _near;
    private readonly SafeFileHandle _far;
    private long _delayTicks;

    private SlowCable(string near, string far)
    {
        (Near, Far) = (near, far);
        _near = Tap(near);
        _far = Tap(far);
        Carry(_near, _far);
        Carry(_far, _near);
    }

    public string Near { get; }

    public string Far { get; }

    /// <summary>For how long a frame is on its way. Default: none.</summary>
    public TimeSpan Delay
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref _delayTicks));
        set => Interlocked.Exchange(ref _delayTicks, value.Ticks);
    }

    public static SlowCable Open(string near, string far) => new(near, far);

    /// <summary>To be called when both ends have been deleted: a read that waits does not notice the end of its file.</summary>
    public void Dispose()
    {
        _near.Dispose();
        _far.Dispose();
    }

    private void Carry(SafeFileHandle from, SafeFileHandle to)
    {
        var frames = new BlockingCollection<(byte[] Frame, long TakenAt)>();
        Start(() =>
        {
            var buffer = new byte[LongestFrame];
            while (Read(from, buffer, buffer.Length) is > 0 and var length)
                frames.Add((buffer[..(int)length], Stopwatch.GetTimestamp()));
            frames.CompleteAdding();
        });
        Start(() =>
        {
            foreach (var (frame, takenAt) in frames.GetConsumingEnumerable())
            {
                var left = Delay - Stopwatch.GetElapsedTime(takenAt);
                if (left > TimeSpan.Zero) Thread.Sleep(left);
                Write(to, frame, frame.Length); // A network may lose what its other end does not take.
            }
        });
    }

    private static void Start(Action carry) => new Thread(() =>
    {
        try
        {
            carry();
        }
        catch (ObjectDisposedException)
        {
            // The cable is gone.
        }
    }) { IsBackground = true, Name = "slow-cable" }.Start();

    private static SafeFileHandle Tap(string name)
    {
        var handle = File.OpenHandle("/dev/net/tun", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        var request = new byte[RequestLength];
        Encoding.ASCII.GetBytes(name, request);
        BitConverter.TryWriteBytes(request.AsSpan(NameLength), TapWithoutHeaders);
        if (Control(handle, SetInterface, request) != 0)
            throw new InvalidOperationException($"No end of a cable can be made: {Marshal.GetLastPInvokeErrorMessage()}.");
        return handle;
    }

    [DllImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Control(SafeFileHandle file, ulong request, byte[] argument);

    // Not by a FileStream, which takes this for a file that has positions.
    [DllImport("libc", EntryPoint = "read", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Read(SafeFileHandle file, byte[] buffer, nint length);

    [DllImport("libc", EntryPoint = "write", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Write(SafeFileHandle file, byte[] buffer, nint length);
}
