using System.Collections.Concurrent;
using System.Diagnostics;
using Mall.TestServers;
using Mall.TestServers.Networks;

namespace Mall.Tests.Installations;

/// <summary>
/// The real silo in a process of its own: started as an operator starts it, ended as a machine ends. Reads along what the process
/// writes, so that it never waits for a reader, and so that a failed test can show it.
/// </summary>
public sealed class SiloProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = [];
    private readonly ConcurrentQueue<string> _errors = [];

    private SiloProcess(Process process)
    {
        _process = process;
        _process.OutputDataReceived += (_, line) => Keep(_output, line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(_errors, line.Data);
    }

    /// <summary>What it wrote to its error stream, line by line.</summary>
    public IReadOnlyCollection<string> ErrorLines => _errors;

    /// <summary>What it wrote to its output, line by line.</summary>
    public IReadOnlyCollection<string> OutputLines => _output;

    public bool HasExited => _process.HasExited;

    /// <summary>Starts it; it may take a second until it serves.</summary>
    /// <param name="folder">Its working directory.</param>
    /// <param name="arguments">Its command line.</param>
    /// <param name="environment">Variables besides those of the test, whose own <c>MALL_</c> variables do not reach it.</param>
    /// <param name="machine">Where; null: here.</param>
    public static SiloProcess Start(
        string folder, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null,
        Machine? machine = null)
    {
        IReadOnlyList<string> command = [.. machine?.Prefix ?? [], .. Child.Mortal("dotnet")];
        var info = new ProcessStartInfo(command[0], command.Skip(1))
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        info.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Mall.Silo.dll"));
        foreach (var argument in arguments)
            info.ArgumentList.Add(argument);
        foreach (var ours in info.Environment.Keys.Where(k => k.StartsWith("MALL_", StringComparison.OrdinalIgnoreCase)).ToList())
            info.Environment.Remove(ours);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            info.Environment[name] = value;

        var silo = new SiloProcess(new Process { StartInfo = info });
        Child.Start(silo._process);
        silo._process.BeginOutputReadLine();
        silo._process.BeginErrorReadLine();
        silo._process.StandardInput.Close();
        return silo;
    }

    /// <summary>SIGKILL: no code of the process runs any more. Completes when it is gone.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, as an orchestrator or a shell sends it.</summary>
    public void Terminate() => Signal("TERM");

    /// <summary>SIGSTOP: it does nothing, notices nothing and closes nothing, until <see cref="Continue"/>.</summary>
    public void Suspend() => Signal("STOP");

    /// <summary>SIGCONT: it goes on in the middle of whatever it did, and does not know that time has passed.</summary>
    public void Continue() => Signal("CONT");

    /// <summary>Waits for its end.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="TimeoutException">It did not end in time.</exception>
    public async Task<int> ExitCodeAsync(TimeSpan patience)
    {
        await _process.WaitForExitAsync().WaitAsync(patience);
        return _process.ExitCode;
    }

    /// <summary>The end of what it wrote, for a failed test.</summary>
    /// <param name="lines">How much of it.</param>
    public string Tail(int lines = 40) => string.Join(Environment.NewLine, _output.Concat(_errors).TakeLast(lines));

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
    }

    private void Signal(string name)
    {
        using var kill = Process.Start("sh", ["-c", $"kill -{name} {_process.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>
    /// For the failed test, and for people: where <c>MALL_TEST_LOGS</c> names a folder, a file there has all of it.
    /// </summary>
    private void Keep(ConcurrentQueue<string> lines, string? line)
    {
        if (line is null)
            return;
        lines.Enqueue(line);
        if (Environment.GetEnvironmentVariable("MALL_TEST_LOGS") is not { Length: > 0 } folder)
            return;
        Directory.CreateDirectory(folder);
        lock (_output)
            File.AppendAllText(Path.Combine(folder, $"{_process.Id}.log"), line + Environment.NewLine);
    }
}
