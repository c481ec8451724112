using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Mall.Runtime;

/// <summary>
/// The grains that are in memory here, one entry for each. An entry stays until its activation has ended, and is replaced in one
/// step, so a grain never has two activations (stateless workers apart, whose entry is a group of them).
/// </summary>
internal sealed class Catalog(ulong hashSeed)
{
    private readonly ConcurrentDictionary<GrainId, Activation> _activations = new(new GrainIdComparer(hashSeed));
    private readonly ConcurrentDictionary<GrainId, StatelessWorkers> _workers = new(new GrainIdComparer(hashSeed));

    /// <summary>All activations, each as it is when the walk reaches it.</summary>
    public IEnumerable<Activation> All
    {
        get
        {
            foreach (var entry in _activations) yield return entry.Value;
            foreach (var entry in _workers)
            {
                foreach (var worker in entry.Value.Snapshot()) yield return worker;
            }
        }
    }

    public bool IsEmpty => _activations.IsEmpty && _workers.All(entry => entry.Value.Snapshot().Length == 0);

    /// <summary>The activation that should take a request to this grain; made when there is none.</summary>
    public Activation GetOrAdd(GrainClass grainClass, in GrainId grainId)
    {
        if (grainClass.IsStatelessWorker)
            return _workers.GetOrAdd(grainId, static (id, c) => new StatelessWorkers(c, id), grainClass).Choose();
        if (_activations.TryGetValue(grainId, out var activation)) return activation;
        return _activations.GetOrAdd(grainId, new Activation(grainClass, grainId));
    }

    public bool TryGet(in GrainId grainId, [NotNullWhen(true)] out Activation? activation) =>
        _activations.TryGetValue(grainId, out activation);

    /// <summary>Puts the successor in the place of an activation that ends, or nothing.</summary>
    public void Replace(Activation ended, Activation? successor)
    {
        if (ended.Class.IsStatelessWorker)
        {
            if (_workers.TryGetValue(ended.GrainId, out var workers)) workers.Remove(ended);
        }
        else if (successor is not null)
        {
            _activations.TryUpdate(ended.GrainId, successor, ended);
        }
        else
        {
            _activations.TryRemove(KeyValuePair.Create(ended.GrainId, ended));
        }
    }

    private sealed class GrainIdComparer(ulong seed) : IEqualityComparer<GrainId>
    {
        public bool Equals(GrainId x, GrainId y) => x.Equals(y);

        public int GetHashCode(GrainId obj) => (int)(obj.HashKey(seed) ^ (uint)obj.Type.StableHash);
    }
}
