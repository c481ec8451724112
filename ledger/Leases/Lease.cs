using System.Collections.Immutable;

namespace Mall.Ledger.Leases;

/// <summary>Where a member stands. It moves down this list and never back.</summary>
public enum LeaseStatus
{
    /// <summary>Has an id and a lease, and is getting ready.</summary>
    Joining,

    Active,

    /// <summary>Still serves what it has begun, and is to be given nothing new.</summary>
    Leaving,

    /// <summary>Has ended in order.</summary>
    Left,

    /// <summary>Was declared dead.</summary>
    Dead,
}

/// <summary>Why a member is declared dead.</summary>
public enum DeathEvidence
{
    /// <summary>Its lease has run out; the declaration fails if that is not so.</summary>
    LeaseExpired,

    /// <summary>Its process is gone: its address refuses connections.</summary>
    ConnectionRefused,

    /// <summary>It says itself that the others cannot reach it, and has stopped serving.</summary>
    Unreachable,
}

/// <summary>What a process joins with.</summary>
/// <param name="Address">Where it listens for other members, <c>host:port</c>; at most 255 characters.</param>
/// <param name="Roles">What it does in the cluster, such as <c>silo,api</c>; at most 128 characters.</param>
/// <param name="ProtocolVersion">Of what members speak with each other; all living members have the same.</param>
/// <param name="Length">Of the lease.</param>
public sealed record LeaseRequest(string Address, string Roles, int ProtocolVersion, TimeSpan Length);

/// <summary>A member: a row of the table <c>silos</c>. Times are the database's.</summary>
/// <param name="Id">
/// Unique in the cluster for ever, and greater for who joined later: it tells apart the processes at one address.
/// </param>
/// <param name="Address">Where it listens for other members.</param>
/// <param name="Roles">What it does in the cluster.</param>
/// <param name="ProtocolVersion">Of what members speak with each other.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="StartTime">When it joined.</param>
/// <param name="LeaseUntil">When its lease runs out, unless it is renewed.</param>
/// <param name="EndTime">When it left or was declared dead, or null.</param>
/// <param name="EndReason">Why, for people, or null.</param>
public sealed record Lease(
    long Id, string Address, string Roles, int ProtocolVersion, LeaseStatus Status, DateTimeOffset StartTime,
    DateTimeOffset LeaseUntil, DateTimeOffset? EndTime, string? EndReason)
{
    public bool IsAlive => Status < LeaseStatus.Left;
}

/// <summary>The members as of one version.</summary>
/// <param name="Version">
/// Grows with every change of who is a member and as what; renewals and suspicions leave it as it is.
/// </param>
/// <param name="Now">The database's clock when this was read.</param>
/// <param name="Leases">By id. Of those that have ended, the ones of the last day at least.</param>
/// <param name="Suspicions">Among the living, by id. They may be newer than the rest.</param>
public sealed record LeaseView(
    long Version, DateTimeOffset Now, ImmutableArray<Lease> Leases, ImmutableArray<Suspicion> Suspicions);

/// <summary>One member cannot reach another: a row of the table <c>suspicions</c>.</summary>
/// <param name="Id">Which cannot be reached.</param>
/// <param name="By">By whom.</param>
/// <param name="Since">When that was first noted.</param>
public sealed record Suspicion(long Id, long By, DateTimeOffset Since);

/// <summary>What came of a renewal.</summary>
/// <param name="IsAlive">False: the member was declared dead or has left; it must not serve.</param>
/// <param name="Version">The newest version; greater than the caller's when there is something to read.</param>
public sealed record LeaseRenewal(bool IsAlive, long Version);

/// <summary>The process may not join; the message is one line for whoever starts it.</summary>
public sealed class LeaseRefusedException(string message) : Exception(message);
