using System.Diagnostics;
using System.Globalization;

namespace Mall.TestServers;

/// <summary>
/// A server's main process. It is started and waited for on a thread of its own: the kernel kills it when that thread ends (see
/// <see cref="ServerProgram"/> on <c>--pdeathsig</c>), and a thread of the pool may end at any time.
/// </summary>
public sealed class ServerProcess
{
    private const int KeptLines = 50;

    // Linux counts processor time for everybody in hundredths of a second, whatever its own clock does.
    private static readonly TimeSpan s_tick = TimeSpan.FromMilliseconds(10);

    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<int> _id = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Queue<string> _lines = new();
    private readonly string _readyLine;

    private ServerProcess(string readyLine) => _readyLine = readyLine;

    /// <param name="commandLine">The program and its arguments.</param>
    /// <param name="readyLine">What a line of its error output holds when it takes connections.</param>
    public static ServerProcess Start(IReadOnlyList<string> commandLine, string readyLine)
    {
        var server = new ServerProcess(readyLine);
        new Thread(() => server.Run(commandLine)) { IsBackground = true, Name = "test-server" }.Start();
        return server;
    }

    /// <summary>The main process's number, once it has one.</summary>
    public Task<int> Id => _id.Task;

    /// <exception cref="InvalidOperationException">It ended or did not get ready; the message holds its last lines.</exception>
    public async Task WaitUntilReadyAsync(TimeSpan patience)
    {
        var first = await Task.WhenAny(_ready.Task, _ended.Task, Task.Delay(patience));
        if (first != _ready.Task) throw new InvalidOperationException($"The server did not get ready:\n{LastLines()}");
    }

    public async Task WaitUntilEndedAsync(TimeSpan patience)
    {
        if (await Task.WhenAny(_ended.Task, Task.Delay(patience)) != _ended.Task)
            throw new InvalidOperationException($"The server did not end:\n{LastLines()}");
    }

    /// <summary>Sends a signal to the main process, and to those that it has started if asked to.</summary>
    public async Task SignalAsync(string signal, bool withChildren)
    {
        var id = await _id.Task;
        int[] ids = withChildren ? [id, .. Children(id)] : [id];
        await Tool.TryRunAsync(["kill", $"-{signal}", .. ids.Select(i => i.ToString(CultureInfo.InvariantCulture))]);
        while (signal == "STOP" && !Array.TrueForAll(ids, IsStopped)) await Task.Delay(5);
    }

    /// <summary>Each of its threads, which stop one by one; or it has ended.</summary>
    private static bool IsStopped(int id)
    {
        try
        {
            return Directory.EnumerateDirectories($"/proc/{id}/task").All(task =>
                File.ReadAllText($"{task}/stat") is var stat && stat[stat.LastIndexOf(')') + 2] == 'T');
        }
        catch (IOException)
        {
            return !Directory.Exists($"/proc/{id}"); // A thread has just ended.
        }
    }

    /// <summary>
    /// Processor time of the main process and of those that it has started, also of those that have ended. To 10 ms each.
    /// </summary>
    public async Task<TimeSpan> ProcessorTimeAsync()
    {
        var id = await _id.Task;
        return Children(id).Prepend(id).Sum(TicksOf) * s_tick;
    }

    private void Run(IReadOnlyList<string> commandLine)
    {
        try
        {
            using var process = new Process { StartInfo = Tool.For(commandLine) };
            process.ErrorDataReceived += (_, line) => Note(line.Data);
            process.OutputDataReceived += (_, line) => Note(line.Data);
            process.Start();
            process.BeginErrorReadLine();
            process.BeginOutputReadLine();
            _id.SetResult(process.Id);
            process.WaitForExit();
        }
        catch (Exception failure) // The edge of the thread: whoever waits for the server is told.
        {
            Note(failure.Message);
            _id.TrySetException(failure);
        }

        _ended.SetResult();
    }

    private void Note(string? line)
    {
        if (line is null) return;
        lock (_lines)
        {
            _lines.Enqueue(line);
            if (_lines.Count > KeptLines) _lines.Dequeue();
        }

        if (line.Contains(_readyLine, StringComparison.Ordinal)) _ready.TrySetResult();
    }

    private string LastLines()
    {
        lock (_lines) return string.Join('\n', _lines);
    }

    private static long TicksOf(int id)
    {
        try
        {
            // The name in the second field may hold anything. Behind its last parenthesis the 12th field is user time, then
            // follow system time and both of children that have ended and were waited for.
            var stat = File.ReadAllText($"/proc/{id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return 0; // It has just ended, and is counted with its parent.
        }
    }

    private static IEnumerable<int> Children(int id)
    {
        string[] children;
        try
        {
            children = [.. Directory.EnumerateDirectories($"/proc/{id}/task")
                .SelectMany(task => File.ReadAllText($"{task}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        }
        catch (IOException)
        {
            return []; // It has just ended.
        }

        return children.Select(child => int.Parse(child, CultureInfo.InvariantCulture))
            .SelectMany(child => Children(child).Prepend(child));
    }
}
