using System.Net;
using Mall.TestServers;
using Orleans;
using Orleans.Runtime;

namespace Mall.Ledger.Tests;

/// <summary>Orleans' membership table on our tables and statements: what is decided on an old version changes nothing.</summary>
public abstract class OrleansMembershipTests(DatabaseKind kind) : IAsyncLifetime
{
    private static readonly DateTime s_start = new(2026, 2, 3, 4, 5, 6, 789, DateTimeKind.Utc);

    private readonly ServerDatabase _database = new(kind, "orleans_members");
    private OrleansHost _orleans = null!;

    private IMembershipTable Table => _orleans.Members;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _database.PrepareAsync();
        await using (var store = LedgerServices.StoreAt(TestStores.OptionsFor(_database.Address), TimeProvider.System))
            await store.OpenAsync(Cancel);
        _orleans = await OrleansHost.OpenAsync(_database.Address);
        await Table.InitializeMembershipTableAsync(true, Cancel);
    }

    public ValueTask DisposeAsync()
    {
        _orleans?.Dispose();
        GC.SuppressFinalize(this);
        return default;
    }

    [Fact]
    public async Task Version_IsThereFromTheBeginning_AndBegunOnce()
    {
        var empty = await Table.ReadAllAsync(Cancel);
        Assert.Empty(empty.Members);
        Assert.Equal(0, empty.Version.Version);

        await Insert(Member(1));
        await Table.InitializeMembershipTableAsync(true, Cancel);
        Assert.Equal(1, (await Table.ReadAllAsync(Cancel)).Version.Version);
    }

    [Fact]
    public async Task Insert_OnTheVersionRead_IsReadBackAsItWas()
    {
        var member = Member(1);
        Assert.True(await Insert(member));
        await Insert(Member(2));

        var all = await Table.ReadAllAsync(Cancel);
        Assert.Equal(2, all.Version.Version);
        Assert.Equal("2", all.Version.VersionEtag);
        Assert.Equal(2, all.Members.Count);
        var (read, _) = (await Table.ReadRowAsync(member.SiloAddress, Cancel)).Members.Single();
        Assert.Equal(
            (member.SiloAddress, member.SiloName, member.HostName, member.Status, member.ProxyPort, s_start, s_start),
            (read.SiloAddress, read.SiloName, read.HostName, read.Status, read.ProxyPort, read.StartTime, read.IAmAliveTime));
        Assert.Null(read.SuspectTimes);
        Assert.Empty((await Table.ReadRowAsync(Member(3).SiloAddress, Cancel)).Members);
    }

    [Fact]
    public async Task Insert_OnAnOldVersion_OrOfWhoIsThere_ChangesNothing()
    {
        var old = (await Table.ReadAllAsync(Cancel)).Version;
        await Insert(Member(1));

        Assert.False(await Table.InsertRowAsync(Member(2), old.Next(), Cancel));
        Assert.False(await Insert(Member(1, SiloStatus.Active)));
        var all = await Table.ReadAllAsync(Cancel);
        Assert.Equal((1, SiloStatus.Joining), (all.Version.Version, all.Members.Single().Item1.Status));
    }

    [Fact]
    public async Task Insert_OfManyAtOnce_OnOneVersion_SucceedsForOne()
    {
        var version = (await Table.ReadAllAsync(Cancel)).Version;
        var inserted = await Task.WhenAll(
            Enumerable.Range(1, 12).Select(number => Table.InsertRowAsync(Member(number), version.Next(), Cancel)));

        Assert.Single(inserted, true);
        var all = await Table.ReadAllAsync(Cancel);
        Assert.Equal((1, 1), (all.Version.Version, all.Members.Count));
    }

    [Fact]
    public async Task Insert_OfManyAtOnce_WhoTryAgain_LetsAllIn()
    {
        await Task.WhenAll(Enumerable.Range(1, 8).Select(async number =>
        {
            while (!await Insert(Member(number)))
            {
            }
        }));
        var all = await Table.ReadAllAsync(Cancel);
        Assert.Equal((8, 8), (all.Version.Version, all.Members.Count));
    }

    [Fact]
    public async Task Update_OnTheVersionRead_ChangesMemberAndVersion()
    {
        var member = Member(1);
        Assert.True(await Insert(member));
        Assert.True(await Insert(Member(2)));
        (member.Status, member.IAmAliveTime) = (SiloStatus.Active, s_start.AddSeconds(1));
        member.AddSuspector(Member(2).SiloAddress, s_start);
        Assert.True(await Update(member));

        var all = await Table.ReadAllAsync(Cancel);
        var read = all.Members.Single(m => m.Item1.SiloAddress.Equals(member.SiloAddress)).Item1;
        Assert.Equal((3, SiloStatus.Active, s_start.AddSeconds(1)), (all.Version.Version, read.Status, read.IAmAliveTime));
        Assert.Equal(Member(2).SiloAddress, Assert.Single(read.SuspectTimes!).Item1);
        Assert.Equal(SiloStatus.Joining, all.Members.Single(m => !m.Item1.SiloAddress.Equals(member.SiloAddress)).Item1.Status);

        // Nothing but the version changes: that is a change all the same.
        Assert.True(await Update(member));
        Assert.Equal(4, (await Table.ReadAllAsync(Cancel)).Version.Version);
    }

    [Fact]
    public async Task Update_OnAnOldVersion_OrOfNobody_ChangesNothing()
    {
        var member = Member(1);
        var old = (await Table.ReadAllAsync(Cancel)).Version;
        await Insert(member);
        member.Status = SiloStatus.Active;

        Assert.False(await Update(member, old));
        Assert.False(await Update(Member(2)));
        var all = await Table.ReadAllAsync(Cancel);
        Assert.Equal((1, SiloStatus.Joining), (all.Version.Version, all.Members.Single().Item1.Status));
    }

    [Fact]
    public async Task IAmAlive_ChangesThatTimeAlone()
    {
        var member = Member(1);
        await Insert(member);
        member = new MembershipEntry { SiloAddress = member.SiloAddress, IAmAliveTime = s_start.AddHours(1) };
        await Table.UpdateIAmAliveAsync(member, Cancel);

        var all = await Table.ReadAllAsync(Cancel);
        var read = all.Members.Single().Item1;
        Assert.Equal((1, s_start.AddHours(1), s_start, SiloStatus.Joining),
            (all.Version.Version, read.IAmAliveTime, read.StartTime, read.Status));
    }

    [Fact]
    public async Task Gateways_AreThoseOfActiveMembersThatHaveOne()
    {
        await Insert(Member(1));
        await Insert(Member(2, SiloStatus.Active));
        await Insert(Member(3, SiloStatus.Active, gateway: 0));
        await _orleans.Gateways.InitializeGatewayListProvider();

        var gateway = Assert.Single(await _orleans.Gateways.GetGateways());
        Assert.Equal(30_002, gateway.Port);
    }

    [Fact]
    public async Task CleanUp_RemovesWhoIsDeadAndOld_AndNobodyElse()
    {
        await Insert(Member(1, SiloStatus.Dead));
        await Insert(Member(2, SiloStatus.Dead, alive: s_start.AddDays(2)));
        await Insert(Member(3, SiloStatus.Active));
        await Insert(Member(4));
        await Table.CleanupDefunctSiloEntriesAsync(s_start.AddDays(1), Cancel);

        var all = await Table.ReadAllAsync(Cancel);
        Assert.Equal([2, 3, 4], all.Members.Select(m => m.Item1.SiloAddress.Generation).Order());
        Assert.Equal(4, all.Version.Version);
    }

    [Fact]
    public async Task Delete_RemovesOneCluster_AndLeavesTheOthers()
    {
        await Insert(Member(1));
        using var other = await OrleansHost.OpenAsync(_database.Address, "other");
        await other.Members.InitializeMembershipTableAsync(true, Cancel);
        Assert.Empty((await other.Members.ReadAllAsync(Cancel)).Members);

        await other.Members.InsertRowAsync(Member(2), (await other.Members.ReadAllAsync(Cancel)).Version.Next(), Cancel);
        await Table.DeleteMembershipTableEntriesAsync("mall", Cancel);
        Assert.Equal(2, (await other.Members.ReadAllAsync(Cancel)).Members.Single().Item1.SiloAddress.Generation);
        await Table.InitializeMembershipTableAsync(true, Cancel);
        Assert.Empty((await Table.ReadAllAsync(Cancel)).Members);
    }

    private async Task<bool> Insert(MembershipEntry member) =>
        await Table.InsertRowAsync(member, (await Table.ReadAllAsync(Cancel)).Version.Next(), Cancel);

    private async Task<bool> Update(MembershipEntry member) => await Update(member, (await Table.ReadAllAsync(Cancel)).Version);

    // A member's own etag is the table's.
    private Task<bool> Update(MembershipEntry member, TableVersion version) =>
        Table.UpdateRowAsync(member, version.VersionEtag, version.Next(), Cancel);

    private static MembershipEntry Member(
        int number, SiloStatus status = SiloStatus.Joining, int? gateway = null, DateTime? alive = null) => new()
        {
            SiloAddress = SiloAddress.New(IPAddress.Loopback, 20_000 + number, number),
            SiloName = $"Silo 'ä' {number}",
            HostName = "host",
            Status = status,
            ProxyPort = gateway ?? 30_000 + number,
            StartTime = s_start,
            IAmAliveTime = alive ?? s_start,
        };
}

public sealed class PostgresOrleansMembershipTests() : OrleansMembershipTests(DatabaseKind.Postgres);

public sealed class MariaDbOrleansMembershipTests() : OrleansMembershipTests(DatabaseKind.MariaDb);
