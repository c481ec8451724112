using System.Collections.Immutable;

namespace Mall.Runtime;

/// <summary>
/// Sees to it that a grain which moves, because a silo has come or goes, is not active in two places: before it is activated
/// here, the silo that owned it in an earlier view is asked to let go of it, and answers when the grain's running calls have
/// ended there. That is a round trip for each grain that is activated soon after a change, and nothing otherwise.
/// <para>
/// It is a courtesy, bounded in time, which keeps calls from being lost to conflicts when silos are started and stopped in order.
/// After a failure the former owner cannot be asked, and two activations may exist for a moment; the ledger's fences are for
/// that.
/// </para>
/// </summary>
internal sealed class Handover(SiloRuntime runtime, IPlacement placement)
{
    /// <summary>How long after a change activations ask. By then, nobody routes by the view before it any more.</summary>
    private const long WindowMs = 10_000;

    private readonly Lock _lock = new();
    private MembershipView _last = new(0, []);
    private ImmutableArray<Earlier> _earlier = [];

    /// <summary>The view has changed.</summary>
    public void Remember(MembershipView view)
    {
        lock (_lock)
        {
            if (view.Version <= _last.Version) return;
            // A silo that has just joined knows of the view before only that it was not in it.
            var before = _last.Version == 0 ? view with { Silos = view.Silos.Remove(runtime.Self) } : _last;
            _last = view;
            var now = runtime.Clock.Now;
            var kept = _earlier.Where(e => e.Until > now);
            _earlier = before.Silos.SequenceEqual(view.Silos) ? [.. kept] : [.. kept, new Earlier(before, now + WindowMs)];
        }
    }

    /// <summary>Asks those who owned the grain lately, and still live, to let go of it. Null: there is nobody to ask.</summary>
    public Task? AskPredecessors(in GrainId grainId)
    {
        var earlier = _earlier;
        if (earlier.IsEmpty) return null;
        var now = runtime.Clock.Now;
        var current = runtime.View;
        List<SiloAddress>? owners = null;
        foreach (var (view, until) in earlier)
        {
            if (until <= now || placement.OwnerOf(grainId, view) is not { } owner || owner.Equals(runtime.Self)) continue;
            if (!current.Silos.Contains(owner) && !current.Leaving.Contains(owner)) continue;
            owners ??= [];
            if (!owners.Contains(owner)) owners.Add(owner);
        }

        if (owners is null) return null;
        var id = grainId;
        return Task.WhenAll(owners.Select(owner => runtime.Remote.AskToReleaseAsync(id, owner)));
    }

    private sealed record Earlier(MembershipView View, long Until);
}
