using System.Collections.Concurrent;
using System.Diagnostics;

namespace Mall.TestServers;

/// <summary>Starts processes that do not outlive this one, however it ends.</summary>
public static class Child
{
    // The kernel kills a child when the thread that started it ends. One of the pool may end at any time, so this one starts all.
    private static readonly BlockingCollection<Action> s_starts = [];

    static Child() => new Thread(() =>
    {
        foreach (var start in s_starts.GetConsumingEnumerable()) start();
    }) { IsBackground = true, Name = "test-parent" }.Start();

    /// <summary>A command line that is killed with the thread that starts it.</summary>
    public static IReadOnlyList<string> Mortal(params IEnumerable<string> commandLine) =>
        ["setpriv", "--pdeathsig", "KILL", .. commandLine];

    /// <summary>Starts what begins with <see cref="Mortal"/>.</summary>
    public static void Start(Process process)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        s_starts.Add(() =>
        {
            try
            {
                process.Start();
                started.SetResult();
            }
            catch (Exception failure) // The edge of the thread: whoever wanted the process is told.
            {
                started.SetException(failure);
            }
        });
        started.Task.GetAwaiter().GetResult();
    }

    /// <summary>Starts a program of which nothing is read.</summary>
    public static Process Start(params IEnumerable<string> commandLine)
    {
        var mortal = Mortal(commandLine);
        var process = new Process { StartInfo = new ProcessStartInfo(mortal[0], mortal.Skip(1)) };
        Start(process);
        return process;
    }
}
