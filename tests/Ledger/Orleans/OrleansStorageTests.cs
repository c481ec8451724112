using Mall.Ledger.Stores;
using Mall.TestServers;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;
using Key = Orleans.Runtime.GrainIdKeyExtensions;

namespace Mall.Ledger.Tests;

/// <summary>Orleans' grain storage on our table and statements: nobody overwrites what he has not read.</summary>
public abstract class OrleansStorageTests : IAsyncLifetime
{
    private const string State = "cart";

    private OrleansHost _orleans = null!;

    private protected abstract StoreAddress Address { get; }

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public virtual async ValueTask InitializeAsync()
    {
        await using (var store = LedgerServices.StoreAt(TestStores.OptionsFor(Address), TimeProvider.System))
            await store.OpenAsync(Cancel);
        _orleans = await OrleansHost.OpenAsync(Address);
    }

    public virtual ValueTask DisposeAsync()
    {
        _orleans?.Dispose();
        GC.SuppressFinalize(this);
        return default;
    }

    public static TheoryData<string> Keys => ["a text", "it's", "5", "ä/\u4e2d"];

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task Write_OfNewState_IsReadBack(string key)
    {
        var grain = GrainId.Create("cart", key);
        await Write(grain, "one", null);

        Assert.Equal(("one", "1", true), await Read(grain));
        Assert.False((await Read(GrainId.Create("cart", key + "x"))).Exists);
    }

    [Fact]
    public async Task Keys_OfEveryKind_ArePlacesOfTheirOwn()
    {
        GrainId[] grains =
        [
            GrainId.Create(GrainType.Create("cart"), Key.CreateIntegerKey(7)),
            GrainId.Create(GrainType.Create("cart"), Key.CreateIntegerKey(7, "x")),
            GrainId.Create(GrainType.Create("cart"), Key.CreateIntegerKey(-8)),
            GrainId.Create(GrainType.Create("cart"), Key.CreateGuidKey(new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11))),
            GrainId.Create("cart", "seven"), GrainId.Create("cart", "SEVEN"),
        ];
        foreach (var grain in grains) await Write(grain, grain.ToString(), null);
        foreach (var grain in grains) Assert.Equal(grain.ToString(), (await Read(grain)).Text);
        Assert.False((await Read(grains[0], "other")).Exists);
    }

    [Fact]
    public async Task Write_UnderTheVersionRead_ReplacesIt_AlsoWithTheSame()
    {
        var grain = GrainId.Create("cart", "g");
        var etag = await Write(grain, "one", null);
        etag = await Write(grain, "two", etag);
        etag = await Write(grain, "two", etag);

        Assert.Equal("3", etag);
        Assert.Equal(("two", "3", true), await Read(grain));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("1")]
    [InlineData("3")]
    public async Task Write_UnderAnotherVersion_IsRefused_AndNothingIsLost(string? etag)
    {
        var grain = GrainId.Create("cart", "g");
        await Write(grain, "two", await Write(grain, "one", null));

        await Assert.ThrowsAsync<InconsistentStateException>(() => Write(grain, "lost", etag));
        Assert.Equal(("two", "2", true), await Read(grain));
    }

    [Fact]
    public async Task Write_UnderAVersionOfWhatIsNotThere_IsRefused()
    {
        var grain = GrainId.Create("cart", "g");
        await Assert.ThrowsAsync<InconsistentStateException>(() => Write(grain, "one", "1"));
        Assert.False((await Read(grain)).Exists);
    }

    [Fact]
    public async Task Write_OfManyAtOnce_UnderOneVersion_SucceedsForOne()
    {
        foreach (var etag in (string?[])[null, "1"])
        {
            var grain = GrainId.Create("cart", "g");
            var written = await Task.WhenAll(Enumerable.Range(0, 8).Select(async number =>
            {
                try
                {
                    await Write(grain, $"{number}", etag);
                    return $"{number}";
                }
                catch (InconsistentStateException)
                {
                    return null;
                }
            }));
            Assert.Equal(Assert.Single(written, text => text is not null), (await Read(grain)).Text);
        }
    }

    [Fact]
    public async Task Write_OfManyNewStatesAtOnce_SucceedsForAll()
    {
        var grains = Enumerable.Range(0, 40).Select(i => GrainId.Create("cart", $"{i}")).ToList();
        await Task.WhenAll(grains.Select(grain => Write(grain, "new", null)));
        foreach (var grain in grains) Assert.True((await Read(grain)).Exists);
    }

    [Fact]
    public async Task Clear_LeavesNoState_AndGivesNoVersionTwice()
    {
        var grain = GrainId.Create("cart", "g");
        var state = StateOf("", await Write(grain, "one", null));
        await _orleans.Storage().ClearStateAsync(State, grain, state);

        Assert.Equal((false, "2"), (state.RecordExists, state.ETag));
        Assert.Equal((null, "2", false), await Read(grain));
        await Assert.ThrowsAsync<InconsistentStateException>(() => Write(grain, "lost", "1"));
        Assert.Equal("3", await Write(grain, "again", "2"));
    }

    [Theory]
    [InlineData("Default")]
    [InlineData("Deleting")]
    public async Task Clear_UnderAnotherVersion_IsRefused(string storage)
    {
        var grain = GrainId.Create("cart", "g");
        await Write(grain, "two", await Write(grain, "one", null));
        await Assert.ThrowsAsync<InconsistentStateException>(
            () => _orleans.Storage(storage).ClearStateAsync(State, grain, StateOf("", "1")));
        Assert.Equal(("two", "2", true), await Read(grain));
    }

    [Fact]
    public async Task Clear_ThatDeletes_LeavesNothing()
    {
        var grain = GrainId.Create("cart", "g");
        var state = StateOf("", await Write(grain, "one", null));
        await _orleans.Storage("Deleting").ClearStateAsync(State, grain, state);

        Assert.Equal((false, null), (state.RecordExists, state.ETag));
        Assert.Null((await Read(grain)).Etag);
        Assert.Equal("1", await Write(grain, "again", null));
    }

    private async Task<string?> Write(GrainId grain, string text, string? etag)
    {
        var state = StateOf(text, etag);
        await _orleans.Storage().WriteStateAsync(State, grain, state);
        return state.ETag;
    }

    private static GrainState<OrleansText> StateOf(string text, string? etag) =>
        new(new OrleansText { Value = text }) { ETag = etag, RecordExists = etag is not null };

    private async Task<(string? Text, string? Etag, bool Exists)> Read(GrainId grain, string name = State)
    {
        var state = new GrainState<OrleansText>(new OrleansText());
        await _orleans.Storage().ReadStateAsync(name, grain, state);
        return (state.State?.Value, state.ETag, state.RecordExists);
    }
}

public abstract class ServerOrleansStorageTests(DatabaseKind kind) : OrleansStorageTests
{
    private readonly ServerDatabase _database = new(kind, "orleans_storage");

    private protected override StoreAddress Address => _database.Address;

    public override async ValueTask InitializeAsync()
    {
        await _database.PrepareAsync();
        await base.InitializeAsync();
    }
}

public sealed class PostgresOrleansStorageTests() : ServerOrleansStorageTests(DatabaseKind.Postgres);

public sealed class MariaDbOrleansStorageTests() : ServerOrleansStorageTests(DatabaseKind.MariaDb);

public sealed class SqliteOrleansStorageTests : OrleansStorageTests
{
    private readonly TemporaryFolder _folder = new();

    private protected override StoreAddress Address => StoreAddress.Parse($"sqlite:{_folder.File("mall.db")}");

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }
}
