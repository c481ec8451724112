using Xunit.Runner.InProc.SystemConsole;

namespace Mall.Ledger.Tests;

/// <summary>The tests; or, when a crash test starts this program again, what that test kills.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => args is [CrashChild.Argument, var path, var run]
        ? CrashChild.RunAsync(path, run)
        : ConsoleRunner.Run(args);
}
