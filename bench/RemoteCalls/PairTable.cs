namespace Mall.Bench.RemoteCalls;

/// <summary>
/// A membership table that says of two silos, always, that they live. Both processes have one and agree, since it is made of the
/// same addresses. Everything else of membership is as in production: joining, the lease, its renewals, the look at it before
/// each call.
/// </summary>
sealed class PairTable(string first, string second) : IMembershipTable
{
    const long Version = 1;

    static readonly TimeSpan s_farAway = TimeSpan.FromDays(1);

    readonly SiloAddress[] _silos = [new(first, 1), new(second, 2)];

    public async Task<JoinedSilo> JoinAsync(string endpoint, string name, TimeSpan lease, CancellationToken cancellationToken) =>
        new(_silos.Single(s => s.Endpoint == endpoint), await ReadAsync(cancellationToken));

    public Task<LeaseRenewal> RenewAsync(SiloAddress silo, TimeSpan lease, CancellationToken cancellationToken) =>
        Task.FromResult(new LeaseRenewal(IsAlive: true, Version));

    public Task<bool> DeclareDeadAsync(SiloAddress silo, bool isGone, SiloAddress by, CancellationToken cancellationToken) =>
        Task.FromResult(false);

    public Task LeaveAsync(SiloAddress silo, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task EndAsync(SiloAddress silo, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task SuspectAsync(SiloAddress silo, SiloAddress by, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task TrustAsync(SiloAddress silo, SiloAddress by, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StepDownAsync(SiloAddress silo, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<MembershipSnapshot> ReadAsync(CancellationToken cancellationToken) => Task.FromResult(
        new MembershipSnapshot(Version, [.. _silos.Select(s => new SiloRecord(s, s.Endpoint, SiloStatus.Active, s_farAway))]));
}
