using System.Collections.Immutable;
using Mall.Ledger.Leases;
using Mall.Runtime;

namespace Mall.Silo.Cluster;

/// <summary>The runtime's membership table, kept by the ledger's leases. A silo's generation is the id of its lease.</summary>
internal sealed class LeaseMembershipTable(ILeaseTable leases) : IMembershipTable
{
    /// <summary>
    /// What silos say to each other, and so what all living members must have in common. The transport's, raised with it.
    /// </summary>
    private const int ProtocolVersion = ClusterTransport.ProtocolVersion;

    public async Task<JoinedSilo> JoinAsync(string endpoint, string name, TimeSpan lease, CancellationToken cancellationToken)
    {
        try
        {
            var joined = await leases.JoinAsync(new LeaseRequest(endpoint, name, ProtocolVersion, lease), cancellationToken);
            // Repeated as a whole when this part fails: joining again ends what the first attempt has left.
            await leases.AdvanceAsync(joined.Id, LeaseStatus.Active, cancellationToken);
            return new JoinedSilo(Address(joined), await ReadAsync(cancellationToken));
        }
        catch (LeaseRefusedException exception)
        {
            throw new ClusterStartException(exception.Message, exception);
        }
    }

    public async Task<Runtime.LeaseRenewal> RenewAsync(SiloAddress silo, TimeSpan lease, CancellationToken cancellationToken)
    {
        var renewal = await leases.RenewAsync(silo.Generation, lease, cancellationToken);
        return new Runtime.LeaseRenewal(renewal.IsAlive, renewal.Version);
    }

    public Task<bool> DeclareDeadAsync(SiloAddress silo, bool isGone, SiloAddress by, CancellationToken cancellationToken) =>
        leases.DeclareDeadAsync(
            silo.Generation, isGone ? DeathEvidence.ConnectionRefused : DeathEvidence.LeaseExpired, by.ToString(),
            cancellationToken);

    public Task SuspectAsync(SiloAddress silo, SiloAddress by, CancellationToken cancellationToken) =>
        leases.SuspectAsync(silo.Generation, by.Generation, cancellationToken);

    public Task TrustAsync(SiloAddress silo, SiloAddress by, CancellationToken cancellationToken) =>
        leases.TrustAsync(silo.Generation, by.Generation, cancellationToken);

    public Task StepDownAsync(SiloAddress silo, CancellationToken cancellationToken) =>
        leases.DeclareDeadAsync(silo.Generation, DeathEvidence.Unreachable, silo.ToString(), cancellationToken);

    public Task LeaveAsync(SiloAddress silo, CancellationToken cancellationToken) =>
        leases.AdvanceAsync(silo.Generation, LeaseStatus.Leaving, cancellationToken);

    public Task EndAsync(SiloAddress silo, CancellationToken cancellationToken) =>
        leases.AdvanceAsync(silo.Generation, LeaseStatus.Left, cancellationToken);

    public async Task<MembershipSnapshot> ReadAsync(CancellationToken cancellationToken)
    {
        var view = await leases.ReadAsync(cancellationToken);
        var addresses = view.Leases.ToDictionary(l => l.Id, Address);
        return new MembershipSnapshot(view.Version, [.. view.Leases.Select(l => Record(l, view.Now))])
        {
            Suspicions =
            [
                .. view.Suspicions.Select(s => new SuspicionRecord(addresses[s.Id], addresses[s.By], view.Now - s.Since)),
            ],
        };
    }

    private static SiloRecord Record(Lease lease, DateTimeOffset now) =>
        new(Address(lease), lease.Roles, Status(lease.Status), lease.LeaseUntil - now);

    private static SiloAddress Address(Lease lease) => new(lease.Address, lease.Id);

    private static SiloStatus Status(LeaseStatus status) => status switch
    {
        LeaseStatus.Joining => SiloStatus.Joining,
        LeaseStatus.Active => SiloStatus.Active,
        LeaseStatus.Leaving => SiloStatus.ShuttingDown,
        _ => SiloStatus.Dead,
    };
}
