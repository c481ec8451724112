using System.Diagnostics;

namespace Mall.Bench.Hosting;

/// <summary>This very program, to be started once more.</summary>
static class OwnProgram
{
    /// <summary>Its error stream is inherited, so that what it says shows where this process's would.</summary>
    public static ProcessStartInfo Start(IEnumerable<string> arguments)
    {
        var executable = Environment.ProcessPath ?? throw new BenchmarkException("This process does not know its own path.");
        var info = new ProcessStartInfo(executable);
        if (Path.GetFileNameWithoutExtension(executable) == "dotnet")
            info.ArgumentList.Add(Environment.GetCommandLineArgs()[0]); // started as "dotnet Mall.Bench.dll"
        foreach (var argument in arguments)
            info.ArgumentList.Add(argument);
        return info;
    }
}
