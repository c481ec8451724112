using Mall.Ledger.Leases;
using Mall.Ledger.Stores;
using Microsoft.Extensions.Logging.Abstractions;
using static Mall.Ledger.Leases.DeathEvidence;
using static Mall.Ledger.Leases.LeaseStatus;

namespace Mall.Ledger.Tests;

/// <summary>What leases must do on every database. One class a database derives from it.</summary>
public abstract class LeaseContract : IAsyncLifetime
{
    private static readonly TimeSpan s_long = TimeSpan.FromMinutes(10);

    // Run out as soon as they are given: a test that needs an expired lease need not wait for it.
    private static readonly TimeSpan s_over = TimeSpan.FromMilliseconds(-1);

    private IStore _store = null!;

    private ILeaseTable Leases { get; set; } = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>An empty database of this test's own.</summary>
    protected abstract Task<StoreAddress> NewDatabaseAsync();

    public async ValueTask InitializeAsync()
    {
        var address = await NewDatabaseAsync();
        _store = LedgerServices.StoreAt(TestStores.OptionsFor(address), TimeProvider.System, NullLoggerFactory.Instance);
        await _store.OpenAsync(Cancel);
        Leases = NewTable(address);
    }

    public async ValueTask DisposeAsync()
    {
        if (Leases is not null) await Leases.DisposeAsync();
        if (_store is not null) await _store.DisposeAsync();
        await ReleaseAsync();
        GC.SuppressFinalize(this);
    }

    protected virtual ValueTask ReleaseAsync() => default;

    [Fact]
    public async Task Join_GivesAnIdAndALease_AndANewVersion()
    {
        var before = await Leases.ReadAsync(Cancel);
        var a = await Join("a:1");
        var b = await Join("b:1");
        var after = await Leases.ReadAsync(Cancel);

        Assert.Equal([a, b], after.Leases);
        Assert.True(a.Id < b.Id);
        Assert.Equal(before.Version + 2, after.Version);
        Assert.Equal((Joining, "silo,api", 1), (a.Status, a.Roles, a.ProtocolVersion));
        Assert.Equal(a.StartTime + s_long, a.LeaseUntil);
        Assert.InRange(after.Now - a.StartTime, TimeSpan.Zero, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Clock_IsTheRealOne_InUtc() =>
        Assert.InRange(
            (await Leases.ReadAsync(Cancel)).Now - DateTimeOffset.UtcNow, TimeSpan.FromSeconds(-20), TimeSpan.FromSeconds(20));

    [Fact]
    public async Task Join_AtAnAddressThatIsTaken_EndsWhoTookItBefore()
    {
        var first = await Join("a:1");
        var second = await Join("a:1");

        var view = await Leases.ReadAsync(Cancel);
        Assert.Equal([Dead, Joining], view.Leases.Select(lease => lease.Status));
        Assert.Equal([first.Id, second.Id], view.Leases.Select(lease => lease.Id));
        Assert.NotNull(view.Leases[0].EndReason);
        Assert.False((await Leases.RenewAsync(first.Id, s_long, Cancel)).IsAlive);
    }

    [Fact]
    public async Task Join_WithAnotherProtocol_IsRefusedInOneLine_UntilTheOthersHaveGone()
    {
        var old = await Join("a:1");
        var before = await Leases.ReadAsync(Cancel);
        var refusal = await Assert.ThrowsAsync<LeaseRefusedException>(() => Join("b:1", protocol: 2));
        Assert.Contains("a:1 speaks protocol version 1, this program 2", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(before.Version, (await Leases.ReadAsync(Cancel)).Version);

        await Leases.AdvanceAsync(old.Id, Left, Cancel);
        Assert.Equal(2, (await Join("b:1", protocol: 2)).ProtocolVersion);
    }

    [Fact]
    public async Task Advance_GoesForward_NeverBack_AndIsRepeatable()
    {
        var id = (await Join("a:1")).Id;
        var version = (await Leases.ReadAsync(Cancel)).Version;
        foreach (var status in (LeaseStatus[])[Active, Active, Leaving, Leaving, Left, Left])
            Assert.True(await Leases.AdvanceAsync(id, status, Cancel), $"{status}");

        Assert.False(await Leases.AdvanceAsync(id, Active, Cancel));
        Assert.False(await Leases.AdvanceAsync(id, Leaving, Cancel));
        Assert.Equal(version + 3, (await Leases.ReadAsync(Cancel)).Version);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Leases.AdvanceAsync(id, Dead, Cancel));
    }

    [Fact]
    public async Task Renew_ExtendsTheLease_AndSaysTheVersion()
    {
        var id = (await Join("a:1", s_over)).Id;
        var renewal = await Leases.RenewAsync(id, s_long, Cancel);
        var view = await Leases.ReadAsync(Cancel);

        Assert.Equal(new LeaseRenewal(true, view.Version), renewal);
        Assert.InRange(view.Leases[0].LeaseUntil - view.Now, s_long - TimeSpan.FromMinutes(1), s_long);
        Assert.False(await Leases.DeclareDeadAsync(id, LeaseExpired, "test", Cancel));
    }

    [Fact]
    public async Task Renew_OfTheDead_TheLeft_AndTheUnknown_Fails()
    {
        var (dead, left) = ((await Join("a:1")).Id, (await Join("b:1")).Id);
        await Leases.DeclareDeadAsync(dead, ConnectionRefused, "test", Cancel);
        await Leases.AdvanceAsync(left, Left, Cancel);

        foreach (var id in (long[])[dead, left, 999_999_999])
            Assert.False((await Leases.RenewAsync(id, s_long, Cancel)).IsAlive);
    }

    [Fact]
    public async Task DeclareDead_ForAnExpiredLease_GoesByTheDatabasesClock()
    {
        var (fresh, expired) = ((await Join("a:1")).Id, (await Join("b:1", s_over)).Id);
        var version = (await Leases.ReadAsync(Cancel)).Version;

        Assert.False(await Leases.DeclareDeadAsync(fresh, LeaseExpired, "test", Cancel));
        Assert.True(await Leases.DeclareDeadAsync(expired, LeaseExpired, "test", Cancel));
        Assert.True(await Leases.DeclareDeadAsync(expired, LeaseExpired, "again", Cancel));

        var view = await Leases.ReadAsync(Cancel);
        Assert.Equal(version + 1, view.Version);
        Assert.Equal([Joining, Dead], view.Leases.Select(lease => lease.Status));
        Assert.Equal("its lease ran out, says test", view.Leases[1].EndReason);
        Assert.InRange(view.Now - view.Leases[1].EndTime!.Value, TimeSpan.Zero, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task DeclareDead_ForARefusedConnection_DoesNotWaitForTheLease()
    {
        var id = (await Join("a:1")).Id;
        Assert.True(await Leases.DeclareDeadAsync(id, ConnectionRefused, "test", Cancel));
        Assert.False((await Leases.RenewAsync(id, s_long, Cancel)).IsAlive);
    }

    [Fact]
    public async Task Suspicion_IsSeen_AndChangesNoVersion()
    {
        var (a, b, c) = ((await Join("a:1")).Id, (await Join("b:1")).Id, (await Join("c:1")).Id);
        var version = (await Leases.ReadAsync(Cancel)).Version;

        await Leases.SuspectAsync(a, b, Cancel);
        var first = Assert.Single((await Leases.ReadAsync(Cancel)).Suspicions);
        await Leases.SuspectAsync(a, c, Cancel);
        await Leases.SuspectAsync(a, b, Cancel);
        await Leases.SuspectAsync(a, 999_999_999, Cancel);

        var view = await Leases.ReadAsync(Cancel);
        Assert.Equal([(a, b), (a, c)], view.Suspicions.Select(s => (s.Id, s.By)));
        Assert.Equal(first, view.Suspicions[0]);
        Assert.InRange(view.Now - first.Since, TimeSpan.Zero, TimeSpan.FromMinutes(1));
        Assert.Equal(version, view.Version);
    }

    [Fact]
    public async Task Suspicion_EndsWhenItIsWithdrawn_AndWithEitherMember()
    {
        var (a, b, c) = ((await Join("a:1")).Id, (await Join("b:1")).Id, (await Join("c:1")).Id);
        foreach (var (id, by) in ((long, long)[])[(a, b), (a, c), (b, c), (c, b)]) await Leases.SuspectAsync(id, by, Cancel);

        await Leases.TrustAsync(a, b, Cancel);
        await Leases.TrustAsync(a, b, Cancel);
        Assert.Equal([(a, c), (b, c), (c, b)], (await Leases.ReadAsync(Cancel)).Suspicions.Select(s => (s.Id, s.By)));

        Assert.True(await Leases.DeclareDeadAsync(c, Unreachable, "c:1", Cancel));
        Assert.Empty((await Leases.ReadAsync(Cancel)).Suspicions);
        Assert.Equal("the others could not reach it, says c:1", (await Leases.ReadAsync(Cancel)).Leases[2].EndReason);
    }

    [Fact]
    public async Task ManyWhoJoinAtOnce_GetDifferentIds_AndEachAVersion()
    {
        var before = (await Leases.ReadAsync(Cancel)).Version;
        var tables = Enumerable.Range(0, 4).Select(_ => NewTable(_address)).ToList();
        var joined = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(i => tables[i % 4].JoinAsync(Request($"a:{i}", s_long, 1), Cancel)));
        foreach (var table in tables) await table.DisposeAsync();

        Assert.Equal(20, joined.Select(lease => lease.Id).Distinct().Count());
        Assert.Equal(before + 20, (await Leases.ReadAsync(Cancel)).Version);
    }

    [Fact]
    public async Task TwoWhoDeclareTheSameDeathAtOnce_MakeOneChange()
    {
        await using var other = NewTable(_address);
        for (var round = 0; round < 20; round++)
        {
            var id = (await Join("a:1", s_over)).Id;
            var version = (await Leases.ReadAsync(Cancel)).Version;
            var declared = await Task.WhenAll(
                Leases.DeclareDeadAsync(id, LeaseExpired, "me", Cancel),
                other.DeclareDeadAsync(id, ConnectionRefused, "you", Cancel));

            Assert.Equal([true, true], declared);
            Assert.Equal(version + 1, (await Leases.ReadAsync(Cancel)).Version);
        }
    }

    [Fact]
    public async Task OfARenewalAndADeclarationAtOnce_ExactlyOneSucceeds()
    {
        await using var other = NewTable(_address);
        var winners = new HashSet<string>();
        for (var round = 0; round < 60; round++)
        {
            var id = (await Join("a:1", s_over)).Id;
            var declaration = round % 2 == 0 ? other.DeclareDeadAsync(id, LeaseExpired, "other", Cancel) : null;
            var renewal = Leases.RenewAsync(id, s_long, Cancel);
            declaration ??= other.DeclareDeadAsync(id, LeaseExpired, "other", Cancel);

            Assert.NotEqual((await renewal).IsAlive, await declaration);
            Assert.Equal(await declaration ? Dead : Joining, (await Leases.ReadAsync(Cancel)).Leases[^1].Status);
            winners.Add((await renewal).IsAlive ? "renewal" : "declaration");
        }

        Assert.NotEmpty(winners);
    }

    private StoreAddress _address = null!;

    private ILeaseTable NewTable(StoreAddress address) => TestStores.LeasesAt(_address = address);

    private Task<Lease> Join(string address, TimeSpan? length = null, int protocol = 1) =>
        Leases.JoinAsync(Request(address, length ?? s_long, protocol), Cancel);

    private static LeaseRequest Request(string address, TimeSpan length, int protocol) =>
        new(address, "silo,api", protocol, length);
}
