using System.Collections.Immutable;

namespace Mall.Runtime;

/// <summary>
/// The table by which silos know of each other, in storage that all of them share. Each operation is one atomic step; the
/// storage's clock is the only one that judges leases. Operations throw when the storage does not answer, and then may or may not
/// have happened: each may be repeated.
/// </summary>
public interface IMembershipTable
{
    /// <summary>
    /// Enters a new silo as active, with a lease, under a generation that is greater than all before it. Silos that have been
    /// entered at this endpoint earlier are dead by that, since somebody else listens there now.
    /// </summary>
    Task<JoinedSilo> JoinAsync(string endpoint, string name, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>
    /// Begins the lease anew if the silo lives or leaves, also when the lease has run out and nobody has minded.
    /// </summary>
    Task<LeaseRenewal> RenewAsync(SiloAddress silo, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>
    /// Makes a silo dead that lives or leaves: its grains are the others' from now on, and it cannot renew any more.
    /// </summary>
    /// <param name="silo">Which one.</param>
    /// <param name="isGone">Its process is known to be gone; otherwise it is made dead only if its lease has run out.</param>
    /// <param name="by">Who says so.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether it is dead now.</returns>
    Task<bool> DeclareDeadAsync(SiloAddress silo, bool isGone, SiloAddress by, CancellationToken cancellationToken);

    /// <summary>
    /// Makes an active silo one that leaves: its grains are the others' from now on. Nothing if it is not active.
    /// </summary>
    Task LeaveAsync(SiloAddress silo, CancellationToken cancellationToken);

    /// <summary>A silo that has left is done with what it was asked before. Nothing if it was declared dead meanwhile.</summary>
    Task EndAsync(SiloAddress silo, CancellationToken cancellationToken);

    /// <summary>
    /// Notes that a silo does not answer another. Stands, with the time when it was first noted, until it is withdrawn or one of
    /// the two has ended. What follows from it says <see cref="Verdict"/>.
    /// </summary>
    Task SuspectAsync(SiloAddress silo, SiloAddress by, CancellationToken cancellationToken);

    /// <summary>Withdraws what <see cref="SuspectAsync"/> has noted. Nothing if there is nothing.</summary>
    Task TrustAsync(SiloAddress silo, SiloAddress by, CancellationToken cancellationToken);

    /// <summary>
    /// A silo that the others cannot reach makes itself dead, when it has stopped serving: its grains are
    /// the others' from now on.
    /// </summary>
    Task StepDownAsync(SiloAddress silo, CancellationToken cancellationToken);

    /// <summary>Everything at one moment. Silos that have been dead for long may be missing.</summary>
    Task<MembershipSnapshot> ReadAsync(CancellationToken cancellationToken);
}

/// <summary>The whole table at one moment.</summary>
/// <param name="Version">Grows with every change of which silos are active.</param>
/// <param name="Silos">One entry for each.</param>
public sealed record MembershipSnapshot(long Version, ImmutableArray<SiloRecord> Silos)
{
    /// <summary>Who does not hear whom. No version says that these have changed.</summary>
    public ImmutableArray<SuspicionRecord> Suspicions { get; init; } = [];
}

/// <summary>One silo does not hear another.</summary>
/// <param name="Silo">Which is silent.</param>
/// <param name="By">To whom.</param>
/// <param name="Age">For how long that stood in the table when it was read.</param>
public sealed record SuspicionRecord(SiloAddress Silo, SiloAddress By, TimeSpan Age);

/// <summary>A silo as the table has it.</summary>
/// <param name="Address">Which one.</param>
/// <param name="Name">Its name for people.</param>
/// <param name="Status">
/// <see cref="SiloStatus.Active"/>, <see cref="SiloStatus.ShuttingDown"/> or <see cref="SiloStatus.Dead"/>.
/// </param>
/// <param name="LeaseLeft">How long its lease still ran when the table was read; not positive: it had run out.</param>
public sealed record SiloRecord(SiloAddress Address, string Name, SiloStatus Status, TimeSpan LeaseLeft);

/// <summary>A silo that has joined.</summary>
/// <param name="Address">What it is called from now on.</param>
/// <param name="Snapshot">The table with it.</param>
public sealed record JoinedSilo(SiloAddress Address, MembershipSnapshot Snapshot);

/// <summary>The answer to a renewal.</summary>
/// <param name="IsAlive">Whether the lease runs anew. False: the silo has been declared dead, for good.</param>
/// <param name="Version">The table's version.</param>
public sealed record LeaseRenewal(bool IsAlive, long Version);
