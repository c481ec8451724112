using System.Collections.Immutable;
using System.Data;
using System.Data.Common;

namespace Mall.Ledger.Leases;

/// <summary>
/// Leases in SQL that all stores have in common. Who changes the members first takes a new version, by an update of the one row
/// of <c>membership_version</c>: its lock lets one change at a time go on, and each sees what the one before has done.
/// </summary>
internal sealed class LeaseTable(LeaseDialect dialect) : ILeaseTable
{
    private const string Living = "('joining', 'active', 'leaving')";

    // The rows of those that have ended are kept for people who look for what happened.
    private static readonly TimeSpan s_keepEnded = TimeSpan.FromDays(1);

    // A renewal has a session of its own: it waits for nobody but the lock on its own row.
    private readonly LeaseConnection _renewals = new(dialect);
    private readonly LeaseConnection _others = new(dialect);

    /// <inheritdoc/>
    public Task<Lease> JoinAsync(LeaseRequest request, CancellationToken cancellationToken) => ChangeAsync(
        async session =>
        {
            await RefuseOtherProtocolsAsync(session, request);
            await session.ExecuteAsync($"""
                update silos set status = 'dead', end_time = {dialect.Now}, end_reason = 'another process joined at its address'
                where address = @p1 and status in {Living}
                """, request.Address);
            await session.ExecuteAsync(
                $"delete from silos where end_time < {dialect.Now} - @p1", (long)s_keepEnded.TotalMilliseconds);
            await session.ExecuteAsync($"""
                delete from suspicions where id not in (select id from silos where status in {Living})
                  or suspected_by not in (select id from silos where status in {Living})
                """);

            // The new version is a number that no member has had before: it serves as the id.
            await session.ExecuteAsync($"""
                insert into silos (id, address, roles, protocol_version, status, start_time, lease_until)
                select version, @p1, @p2, @p3, 'joining', {dialect.Now}, {dialect.Now} + @p4 from membership_version
                """, request.Address, request.Roles, (long)request.ProtocolVersion, (long)request.Length.TotalMilliseconds);
            var joined = await session.ReadAsync("""
                select s.id, s.address, s.roles, s.protocol_version, s.status, s.start_time, s.lease_until,
                  s.end_time, s.end_reason
                from silos s join membership_version v on s.id = v.version
                """, row => ReadLease(row, 0));
            return (true, joined[0]);
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task<bool> AdvanceAsync(long id, LeaseStatus to, CancellationToken cancellationToken)
    {
        var (changes, from) = to switch
        {
            LeaseStatus.Active => ("status = 'active'", "('joining')"),
            LeaseStatus.Leaving => ("status = 'leaving'", "('joining', 'active')"),
            LeaseStatus.Left => ($"status = 'left', end_time = {dialect.Now}, end_reason = 'left'", Living),
            _ => throw new ArgumentOutOfRangeException(nameof(to), to, "A member advances to active, leaving or left."),
        };
        return ChangeAsync(
            async session =>
            {
                var changed = await session.ExecuteAsync(
                    $"update silos set {changes} where id = @p1 and status in {from}", id) == 1;
                return (changed, changed || await HasStatusAsync(session, id, to));
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<LeaseRenewal> RenewAsync(long id, TimeSpan length, CancellationToken cancellationToken) => _renewals.RunAsync(
        async connection =>
        {
            // One statement is one transaction: a declaration of death has come before it or comes after it.
            var session = new LeaseSession(connection, null, cancellationToken);
            var renewed = await session.ExecuteAsync(
                $"update silos set lease_until = {dialect.Now} + @p1 where id = @p2 and status in {Living}",
                (long)length.TotalMilliseconds, id);
            var versions = await session.ReadAsync("select version from membership_version", row => row.GetInt64(0));
            return new LeaseRenewal(renewed == 1, versions[0]);
        },
        cancellationToken);

    /// <inheritdoc/>
    public Task SuspectAsync(long id, long by, CancellationToken cancellationToken) => _others.RunAsync(
        // Only the member itself notes what it finds, and over one session: nobody comes between the question and the insert.
        connection => new LeaseSession(connection, null, cancellationToken).ExecuteAsync($"""
            insert into suspicions (id, suspected_by, since) select s.id, m.id, {dialect.Now} from silos s, silos m
            where s.id = @p1 and m.id = @p2 and s.status in {Living} and m.status in {Living}
              and not exists (select 1 from suspicions n where n.id = s.id and n.suspected_by = m.id)
            """, id, by),
        cancellationToken);

    /// <inheritdoc/>
    public Task TrustAsync(long id, long by, CancellationToken cancellationToken) => _others.RunAsync(
        connection => new LeaseSession(connection, null, cancellationToken).ExecuteAsync(
            "delete from suspicions where id = @p1 and suspected_by = @p2", id, by),
        cancellationToken);

    /// <inheritdoc/>
    public Task<bool> DeclareDeadAsync(long id, DeathEvidence evidence, string by, CancellationToken cancellationToken)
    {
        var (reason, condition) = evidence switch
        {
            DeathEvidence.LeaseExpired => ("its lease ran out", $" and lease_until <= {dialect.Now}"),
            DeathEvidence.ConnectionRefused => ("it refused connections", ""),
            _ => ("the others could not reach it", ""),
        };
        return ChangeAsync(
            async session =>
            {
                var changed = await session.ExecuteAsync($"""
                    update silos set status = 'dead', end_time = {dialect.Now}, end_reason = @p1
                    where id = @p2 and status in {Living}{condition}
                    """, $"{reason}, says {by}", id) == 1;
                return (changed, changed || !await IsAliveAsync(session, id));
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<LeaseView> ReadAsync(CancellationToken cancellationToken) => _others.RunAsync(
        async connection =>
        {
            // One statement, so that members and version belong together. Without members it still has one row.
            var session = new LeaseSession(connection, null, cancellationToken);
            var rows = await session.ReadAsync($"""
                select v.version, {dialect.Now},
                  s.id, s.address, s.roles, s.protocol_version, s.status, s.start_time, s.lease_until,
                  s.end_time, s.end_reason
                from membership_version v left join silos s on 1 = 1
                order by s.id
                """,
                row => (Version: row.GetInt64(0), Now: Time(row.GetInt64(1)), Lease: row.IsDBNull(2) ? null : ReadLease(row, 2)));
            Lease[] leases = [.. rows.Select(row => row.Lease).OfType<Lease>()];
            var living = leases.Where(lease => lease.IsAlive).Select(lease => lease.Id).ToHashSet();
            var suspicions = await session.ReadAsync(
                "select id, suspected_by, since from suspicions order by id, suspected_by",
                row => new Suspicion(row.GetInt64(0), row.GetInt64(1), Time(row.GetInt64(2))));
            return new LeaseView(
                rows[0].Version, rows[0].Now, [.. leases],
                [.. suspicions.Where(s => living.Contains(s.Id) && living.Contains(s.By))]);
        },
        cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _renewals.DisposeAsync();
        await _others.DisposeAsync();
        dialect.Dispose();
    }

    /// <summary>Runs a change under a new version, which is taken back when nothing was changed.</summary>
    private Task<T> ChangeAsync<T>(
        Func<LeaseSession, Task<(bool Changed, T Result)>> change, CancellationToken cancellationToken) =>
        _others.RunAsync(
            async connection =>
            {
                await using var transaction = await connection.BeginTransactionAsync(
                    IsolationLevel.ReadCommitted, cancellationToken);
                var session = new LeaseSession(connection, transaction, cancellationToken);
                await session.ExecuteAsync("update membership_version set version = version + 1");
                var (changed, result) = await change(session);
                if (changed) await transaction.CommitAsync(cancellationToken);
                else await transaction.RollbackAsync(cancellationToken);
                return result;
            },
            cancellationToken);

    private static async Task RefuseOtherProtocolsAsync(LeaseSession session, LeaseRequest request)
    {
        var others = await session.ReadAsync(
            $"select address, protocol_version from silos where status in {Living} and address <> @p1 "
            + "and protocol_version <> @p2",
            row => (Address: row.GetString(0), Version: row.GetInt64(1)), request.Address, (long)request.ProtocolVersion);
        if (others is [var (address, version), ..])
            throw new LeaseRefusedException(
                $"the cluster's member at {address} speaks protocol version {version}, this program {request.ProtocolVersion}. "
                + "Stop the members of the other version first.");
    }

    private static async Task<bool> HasStatusAsync(LeaseSession session, long id, LeaseStatus status) =>
        (await session.ReadAsync("select status from silos where id = @p1", row => Status(row.GetString(0)), id)) is [var present]
        && present == status;

    private static async Task<bool> IsAliveAsync(LeaseSession session, long id) =>
        (await session.ReadAsync(
            $"select id from silos where id = @p1 and status in {Living}", row => row.GetInt64(0), id)).Count > 0;

    private static Lease ReadLease(DbDataReader row, int at) => new(
        row.GetInt64(at), row.GetString(at + 1), row.GetString(at + 2), row.GetInt32(at + 3), Status(row.GetString(at + 4)),
        Time(row.GetInt64(at + 5)), Time(row.GetInt64(at + 6)),
        row.IsDBNull(at + 7) ? null : Time(row.GetInt64(at + 7)),
        row.IsDBNull(at + 8) ? null : row.GetString(at + 8));

    private static LeaseStatus Status(string name) => Enum.Parse<LeaseStatus>(name, ignoreCase: true);

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
