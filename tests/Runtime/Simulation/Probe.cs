using System.Collections.Concurrent;

namespace Mall.Runtime.Tests.Simulation;

/// <summary>
/// What the grains of a test and the test itself share: gates that hold grain code, and a record of what happened.
/// </summary>
public sealed class Probe
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _gates = new();
    private readonly ConcurrentQueue<string> _events = new();

    /// <summary>What happened, in order.</summary>
    public IReadOnlyList<string> Events => [.. _events];

    public void Record(string what) => _events.Enqueue(what);

    /// <summary>
    /// Ends when the test opens the gate. Continuations come back to their activation, so they need no thread pool to be safe.
    /// </summary>
    public Task Gate(string name) => _gates.GetOrAdd(name, _ => new TaskCompletionSource()).Task;

    /// <summary>
    /// Ends when the token is cancelled. Unlike a Task.Delay, whose cancellation goes through the thread pool, it stays in a
    /// simulation.
    /// </summary>
    public static Task Cancelled(CancellationToken cancellationToken)
    {
        var cancelled = new TaskCompletionSource();
        cancellationToken.Register(cancelled.SetResult);
        return cancelled.Task;
    }

    public void Open(string name)
    {
        Gate(name);
        _gates[name].TrySetResult();
    }

    /// <summary>Waits until something has been recorded.</summary>
    public Task Sees(string what) => TestSilo.Eventually(() => _events.Contains(what));

    /// <summary>How often something has been recorded.</summary>
    public int Count(string what) => _events.Count(e => e == what);
}
