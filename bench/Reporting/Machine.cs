using System.Runtime;
using System.Runtime.InteropServices;

namespace Mall.Bench.Reporting;

/// <summary>What the figures were measured on; without it they mean nothing.</summary>
static class Machine
{
    /// <summary>Processors and memory that this process may use, and what it runs on. Linux names the processor in a file.</summary>
    public static string Description()
    {
        const string file = "/proc/cpuinfo", name = "model name";
        var cpu = File.Exists(file) ? File.ReadLines(file).FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal)) : null;
        var gib = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1L << 30);
        return FormattableString.Invariant(
            $"{Environment.ProcessorCount} cores, {cpu?[(cpu.IndexOf(':') + 2)..] ?? $"{RuntimeInformation.ProcessArchitecture}"}, ")
            + $"{gib:0.#} GiB, {RuntimeInformation.OSDescription}, "
            + $"{RuntimeInformation.FrameworkDescription}, {(GCSettings.IsServerGC ? "server" : "workstation")} GC";
    }
}
