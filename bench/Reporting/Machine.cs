using System.Runtime;
using System.Runtime.InteropServices;

namespace Mall.Bench.Reporting;

/// <summary>What the figures were measured on; without it they mean nothing.</summary>
static class Machine
{
    public static string Description() =>
        $"{Environment.ProcessorCount} cores, {Cpu()}, "
        + $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1L << 30):0.#} GiB, "
        + $"{RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}, "
        + $"{(GCSettings.IsServerGC ? "server" : "workstation")} GC";

    /// <summary>Linux says it in a file; elsewhere the architecture has to do.</summary>
    static string Cpu()
    {
        const string file = "/proc/cpuinfo";
        var line = File.Exists(file)
            ? File.ReadLines(file).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return line?[(line.IndexOf(':') + 2)..] ?? $"{RuntimeInformation.ProcessArchitecture}";
    }
}
