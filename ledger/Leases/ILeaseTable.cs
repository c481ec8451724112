namespace Mall.Ledger.Leases;

/// <summary>
/// Who is a member of the cluster: the table <c>silos</c>, where each member holds a lease that it has to renew. The database's
/// clock is the only clock. Every change of who is a member, and as what, is made by compare-and-set in one transaction with a
/// new version, so versions order all changes, and whoever has read a version has seen the same members as everybody who has.
/// <para>
/// All operations may be repeated when their outcome is unknown. They go over connections of their own, with timeouts far below a
/// lease, so a commit that is stuck cannot keep a member from renewing. Members may be called from anywhere and at once.
/// </para>
/// Safety never rests on this table: what members write is fenced in the ledger.
/// </summary>
public interface ILeaseTable : IAsyncDisposable
{
    /// <summary>
    /// Joins as <see cref="LeaseStatus.Joining"/>. Whoever joined at the same address before is declared dead: an address has one
    /// process at a time, so the earlier one has ended. When this is repeated after an unknown outcome the same happens to the
    /// row of the attempt before.
    /// </summary>
    /// <exception cref="LeaseRefusedException">A living member speaks another version of the protocol.</exception>
    /// <exception cref="LedgerUnavailableException">The database did not answer in time; it may have happened.</exception>
    Task<Lease> JoinAsync(LeaseRequest request, CancellationToken cancellationToken = default);

    /// <summary>
    /// Moves a living member on, from joining to active to leaving to left; never back. Repeating it is harmless.
    /// </summary>
    /// <returns>False: it is not a living member any more, or has been further already.</returns>
    /// <exception cref="LedgerUnavailableException">The database did not answer in time; it may have happened.</exception>
    Task<bool> AdvanceAsync(long id, LeaseStatus to, CancellationToken cancellationToken = default);

    /// <summary>
    /// Extends the lease to this long from now. Succeeds as long as nobody has declared the member dead, also when the lease has
    /// run out meanwhile; of a renewal and a declaration at the same time exactly one succeeds.
    /// </summary>
    /// <remarks>
    /// The caller does not share the database's clock: it has to count the length from the moment before it called this.
    /// </remarks>
    /// <exception cref="LedgerUnavailableException">The database did not answer in time; it may have happened.</exception>
    Task<LeaseRenewal> RenewAsync(long id, TimeSpan length, CancellationToken cancellationToken = default);

    /// <summary>
    /// Notes that one member cannot reach another, for people and for other members, unless that is noted
    /// already. Changes no version.
    /// </summary>
    /// <exception cref="LedgerUnavailableException">The database did not answer in time; it may have happened.</exception>
    Task SuspectAsync(long id, long by, CancellationToken cancellationToken = default);

    /// <summary>Withdraws such a note, if there is one. Changes no version.</summary>
    /// <exception cref="LedgerUnavailableException">The database did not answer in time; it may have happened.</exception>
    Task TrustAsync(long id, long by, CancellationToken cancellationToken = default);

    /// <summary>Declares a member dead if the evidence holds: it cannot renew any more, whatever it believes itself.</summary>
    /// <param name="id">The member.</param>
    /// <param name="evidence">What is known; an expired lease is checked on the database's clock.</param>
    /// <param name="by">Who says so, for people.</param>
    /// <param name="cancellationToken">Ends the wait, not the declaration.</param>
    /// <returns>True: it is dead or has left now, by this call or before. False: it is alive.</returns>
    /// <exception cref="LedgerUnavailableException">The database did not answer in time; it may have happened.</exception>
    Task<bool> DeclareDeadAsync(long id, DeathEvidence evidence, string by, CancellationToken cancellationToken = default);

    /// <summary>All members, the living and those that have ended lately, as of one version.</summary>
    /// <exception cref="LedgerUnavailableException">The database did not answer in time.</exception>
    Task<LeaseView> ReadAsync(CancellationToken cancellationToken = default);
}
