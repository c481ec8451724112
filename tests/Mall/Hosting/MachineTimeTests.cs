using System.Globalization;
using Mall.Silo;

namespace Mall.Tests.Hosting;

/// <summary>What a silo measures its lease by.</summary>
public sealed class MachineTimeTests
{
    /// <summary>The kernel counts its uptime with the time that the machine has slept.</summary>
    [Fact]
    public void Timestamps_CountTheTimeThatTheMachineSleeps()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere the system's own timestamps do.");
        var time = MachineTime.Instance;

        var before = Uptime();
        var now = time.GetElapsedTime(0);
        var after = Uptime();

        Assert.InRange(now, before, after + TimeSpan.FromMilliseconds(10)); // What the kernel shows of it.
        Assert.IsType<MachineTime>(time);
    }

    [Fact]
    public void Timestamps_NeverGoBack()
    {
        var last = MachineTime.Instance.GetTimestamp();
        for (var i = 0; i < 100_000; i++)
        {
            var now = MachineTime.Instance.GetTimestamp();
            Assert.True(now >= last);
            last = now;
        }
    }

    private static TimeSpan Uptime() =>
        TimeSpan.FromSeconds(double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture));
}
