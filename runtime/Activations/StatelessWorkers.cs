namespace Mall.Runtime;

/// <summary>
/// The activations of one stateless worker grain in this silo. A request goes to one that has nothing to do, else to a new one
/// while there are fewer than allowed, else to the one with the shortest queue.
/// </summary>
internal sealed class StatelessWorkers(GrainClass grainClass, GrainId grainId)
{
    private readonly Lock _lock = new();
    private Activation[] _workers = []; // Replaced, never changed, so that readers need no lock.

    public Activation[] Snapshot() => Volatile.Read(ref _workers);

    public Activation Choose() => FindFree(Snapshot()) ?? AddOrShare();

    public void Remove(Activation worker)
    {
        lock (_lock) _workers = [.. _workers.Where(w => !ReferenceEquals(w, worker))];
    }

    private static Activation? FindFree(Activation[] workers)
    {
        foreach (var worker in workers)
        {
            if (worker.IsIdle && !worker.HasEnded) return worker;
        }

        return null;
    }

    private Activation AddOrShare()
    {
        lock (_lock)
        {
            if (FindFree(_workers) is { } free) return free;
            if (_workers.Length < grainClass.MaxLocalWorkers)
            {
                var worker = new Activation(grainClass, grainId);
                _workers = [.. _workers, worker];
                return worker;
            }

            return _workers.MinBy(w => w.QueueLength)!;
        }
    }
}
