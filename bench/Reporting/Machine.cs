using System.Globalization;
using System.Runtime;
using System.Runtime.InteropServices;

namespace Mall.Bench.Reporting;

/// <summary>What the figures were measured on; without it they mean nothing.</summary>
/// <param name="Cores">Processors this process may use.</param>
/// <param name="MemoryBytes">Memory this process may use.</param>
/// <param name="Gc">server or workstation, concurrent or not.</param>
sealed record Machine(int Cores, string Cpu, long MemoryBytes, string Os, string DotNet, string Gc)
{
    public static Machine This() => new(
        Environment.ProcessorCount,
        CpuModel(),
        GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription,
        (GCSettings.IsServerGC ? "server" : "workstation")
            + (GCSettings.LatencyMode == GCLatencyMode.Batch ? ", not concurrent" : ", concurrent"));

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Cores} cores, {Cpu}, {MemoryBytes / (double)(1L << 30):0.#} GiB, {Os}, {DotNet}, {Gc} GC");

    /// <summary>Linux says it in a file; elsewhere the architecture has to do.</summary>
    static string CpuModel()
    {
        const string file = "/proc/cpuinfo";
        var line = File.Exists(file)
            ? File.ReadLines(file).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return line?[(line.IndexOf(':') + 1)..].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
