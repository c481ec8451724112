namespace Mall.Runtime.Tests.Cluster;

/// <summary>One process's way to the membership table, which a test can cut.</summary>
public sealed class GatedTable(IMembershipTable table) : IMembershipTable
{
    /// <summary>Whether the table does not answer this process.</summary>
    public bool IsCut { get; set; }

    public Task<JoinedSilo> JoinAsync(string endpoint, string name, TimeSpan lease, CancellationToken cancellationToken) =>
        Open().JoinAsync(endpoint, name, lease, cancellationToken);

    public Task<LeaseRenewal> RenewAsync(SiloAddress silo, TimeSpan lease, CancellationToken cancellationToken) =>
        Open().RenewAsync(silo, lease, cancellationToken);

    public Task<bool> DeclareDeadAsync(SiloAddress silo, bool isGone, SiloAddress by, CancellationToken cancellationToken) =>
        Open().DeclareDeadAsync(silo, isGone, by, cancellationToken);

    public Task LeaveAsync(SiloAddress silo, CancellationToken cancellationToken) => Open().LeaveAsync(silo, cancellationToken);

    public Task EndAsync(SiloAddress silo, CancellationToken cancellationToken) => Open().EndAsync(silo, cancellationToken);

    public Task SuspectAsync(SiloAddress silo, SiloAddress by, CancellationToken cancellationToken) =>
        Open().SuspectAsync(silo, by, cancellationToken);

    public Task TrustAsync(SiloAddress silo, SiloAddress by, CancellationToken cancellationToken) =>
        Open().TrustAsync(silo, by, cancellationToken);

    public Task StepDownAsync(SiloAddress silo, CancellationToken cancellationToken) =>
        Open().StepDownAsync(silo, cancellationToken);

    public Task<MembershipSnapshot> ReadAsync(CancellationToken cancellationToken) => Open().ReadAsync(cancellationToken);

    private IMembershipTable Open() => IsCut ? throw new IOException("The table does not answer.") : table;
}
