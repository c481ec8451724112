namespace Mall.Runtime;

/// <summary>
/// Which silos must give themselves up because others cannot reach them, though they renew their leases. A pure function of the
/// table: whoever reads the same finds the same.
/// <para>
/// It is only ever the condemned silo itself that acts on it: it stops serving, and only then leaves its grains to the others.
/// One that cannot read the table cannot renew either, and its lease ends it. So nobody takes over from a silo that still serves.
/// </para>
/// <list type="number">
/// <item>A silo that more than half of the active silos do not hear is condemned: it is on the wrong side of a cut.</item>
/// <item>
/// Of those who are left, none may be unable to talk to another, or calls between the two would fail for ever: as long as there
/// are two that do not hear each other, the one with the most such pairs is condemned, the youngest of several. Both have to say
/// so: a silo that hangs blames nobody, and must not bring down the one that waits for it. And the picture must be complete, or a
/// silo that is cut off from all could outlive those who have not all noticed yet: no suspicion may be new.
/// </item>
/// </list>
/// </summary>
public static class Verdict
{
    /// <param name="snapshot">The table.</param>
    /// <param name="settling">
    /// Younger suspicions do not count: those who notice the same cut notice it at different moments, and half of the picture may
    /// condemn the wrong one. Pairs are judged when no suspicion is younger than twice this.
    /// </param>
    public static IReadOnlySet<SiloAddress> Of(MembershipSnapshot snapshot, TimeSpan settling)
    {
        var active = snapshot.Silos.Where(s => s.Status == SiloStatus.Active).Select(s => s.Address).ToHashSet();
        var noted = snapshot.Suspicions.Where(s => active.Contains(s.Silo) && active.Contains(s.By)).ToList();
        var unheard = noted.Where(s => s.Age >= settling).Select(s => (s.Silo, s.By)).ToHashSet();
        var condemned = active.Where(silo => 2 * unheard.Count(u => u.Silo.Equals(silo)) > active.Count).ToHashSet();
        if (noted.Any(s => s.Age < 2 * settling)) return condemned;
        var pairs = unheard.Where(u => unheard.Contains((u.By, u.Silo))).ToHashSet();
        while (true)
        {
            pairs.RemoveWhere(p => condemned.Contains(p.Silo) || condemned.Contains(p.By));
            if (pairs.Count == 0) return condemned;
            condemned.Add(pairs.GroupBy(p => p.Silo).MaxBy(g => (g.Count(), g.Key.Generation))!.Key);
        }
    }
}
