using Mall.Ledger.Sqlite;
using Mall.Ledger.Stores;
using Microsoft.Data.Sqlite;
using SQLitePCL;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

/// <summary>What can be wrong with a file, and what whoever starts the process is told.</summary>
public sealed class SqliteFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Open_MakesTheFolder_AndKeepsWhatWasWritten()
    {
        var path = _folder.File("deep/er/mall.db");
        await using (var ledger = await Open(path)) await ledger.CommitAsync(new WriteSet(Setting("a", "1")));
        await using (var ledger = await Open(path)) Assert.Equal(["1"], await ledger.QueryAsync(SettingOf, Cancel, "a"));
    }

    [Fact]
    public async Task Open_OfAFileInUse_SaysSo()
    {
        var path = _folder.File("mall.db");
        await using var ledger = await Open(path);
        Assert.Contains("is in use by another process", await Refusal(path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Guest_CommitsBesideTheOwner_AndNeitherLosesAnything()
    {
        var path = _folder.File("mall.db");
        await using var owner = await Open(path);
        await using var guest = await Open(path, sharesFile: true);
        var names = Enumerable.Range(0, 200).Select(i => $"{i}").ToList();
        var commits = names.Select((name, i) =>
            (i % 2 == 0 ? owner : guest).CommitAsync(new WriteSet(Setting(name, "x"))));

        Assert.All(await Task.WhenAll(commits), outcome => Assert.Equal(CommitOutcome.Applied, outcome));
        Assert.Equal([200L], await owner.QueryAsync(Number("select count(*) from settings"), Cancel));
    }

    [Fact]
    public async Task Open_AfterAFailedOpen_Works()
    {
        var path = _folder.File("mall.db");
        await using (await Open(path)) Assert.NotNull(await Refusal(path));
        await using (await Open(path)) { }
    }

    [Fact]
    public async Task Open_OfAFileThatIsNoDatabase_SaysSo()
    {
        var path = _folder.File("mall.db");
        await File.WriteAllTextAsync(path, string.Concat(Enumerable.Repeat("This is a letter to my aunt. ", 100)), Cancel);
        Assert.Contains("is not an SQLite database", await Refusal(path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_OfAFolder_SaysSo() => Assert.Contains(
        "is a folder; name a file in it", await Refusal(Path.GetDirectoryName(_folder.File("x"))!), StringComparison.Ordinal);

    [Theory]
    [InlineData("/proc/mall.db", "/proc/mall.db: nothing can be written beside it: ")]
    [InlineData("/sys/mall.db", "/sys/mall.db: nothing can be written beside it: ")]
    public async Task Open_WhereNothingCanBeMade_SaysWhatTheSystemSays(string path, string because)
    {
        var refusal = await Refusal(path);
        Assert.Contains(because, refusal, StringComparison.Ordinal);
        Assert.DoesNotContain("another process", refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_OfAGuestWithoutAFolder_SaysThatThereIsNone()
    {
        var path = _folder.File("none/mall.db");
        var refusal = await Assert.ThrowsAsync<LedgerStartException>(() => Open(path, sharesFile: true));
        Assert.Contains("Could not find a part of the path", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_UnderAFile_SaysThatTheFolderCannotBeMade()
    {
        await File.WriteAllTextAsync(_folder.File("file"), "", Cancel);
        Assert.Contains("cannot be created", await Refusal(_folder.File("file/mall.db")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_OfANewerDatabase_SaysSo()
    {
        var path = await Prepared("insert into schema_version values (999, '0999_from_the_future', 'x', 0)");
        Assert.Contains("written by a newer version: it has had migration 0999_from_the_future", await Refusal(path),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_OfADatabaseWithAnotherChecksum_SaysSo()
    {
        var path = await Prepared("update schema_version set checksum = 'x' where number = 2");
        Assert.Contains("0002_create_sagas was changed after the database had it", await Refusal(path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_OfADatabaseWhoseMigrationFails_SaysWhich_AndLeavesItAsItWas()
    {
        var path = await Prepared("delete from schema_version where number >= 4; drop table products; drop table orders");
        Assert.Contains("migration 0005_create_orders failed", await Refusal(path), StringComparison.Ordinal);
        using var connection = Connect(path);
        Assert.Equal(3L, Scalar(connection, "select count(*) from schema_version"));
        Assert.Equal(0L, Scalar(connection, "select count(*) from sqlite_master where name = 'products'"));
        Assert.Equal(0L, Scalar(connection, "select count(*) from sqlite_master where name = 'orders'"));
    }

    [Fact]
    public async Task Commit_WhileSomebodyReadsForLong_IsNotHeldUp()
    {
        var path = _folder.File("mall.db");
        await using var ledger = await Open(path);
        await ledger.CommitAsync(new WriteSet(Setting("a", "1")));
        using var connection = Connect(path);
        using var transaction = connection.BeginTransaction(deferred: true);
        Assert.Equal(1L, Scalar(connection, "select count(*) from settings"));

        await ledger.CommitAsync(new WriteSet(Setting("b", "1"))).WaitAsync(TimeSpan.FromSeconds(2), Cancel);
        Assert.Equal(1L, Scalar(connection, "select count(*) from settings"));
    }

    [Fact]
    public async Task Query_SeesWhatHasJustBeenCommitted_FromManyThreads()
    {
        await using var ledger = await Open(_folder.File("mall.db"));
        await Parallel.ForEachAsync(Enumerable.Range(0, 500), Cancel, async (i, cancel) =>
        {
            await ledger.CommitAsync(new WriteSet(Setting($"{i}", $"{i}")));
            Assert.Equal([$"{i}"], await ledger.QueryAsync(SettingOf, cancel, $"{i}"));
        });
    }

    [Fact]
    public async Task File_IsWrittenSafely()
    {
        var path = _folder.File("mall.db");
        await using var store = new SqliteStore(StoreAddress.Parse($"sqlite:{path}"), TimeProvider.System, new InlineScheduler());
        await store.OpenAsync(Cancel);
        using var connection = Connect(path);
        Assert.Equal("wal", Scalar(connection, "pragma journal_mode"));
        Assert.Equal([2], await store.OnOwnAsync(own => own.Read(Number("pragma synchronous"))));
    }

    [Fact]
    public async Task Commit_OnAFullDisk_IsToldApart_AndGoesThroughWhenThereIsRoom()
    {
        var time = new ManualTime();
        await using var store = new SqliteStore(StoreAddress.Parse($"sqlite:{_folder.File("mall.db")}"), time);
        var options = new LedgerOptions { CommitTimeout = TimeSpan.FromMilliseconds(10) }; // Sooner than it is tried again.
        await using var ledger = TestStores.LedgerOn(store, options, time);
        await ledger.OpenAsync(Cancel);
        var large = new WriteSet(Setting("large", new string('x', 1_000_000)));
        await store.OnOwnAsync(own => own.Read(Number("pragma max_page_count = 1"))); // That is, what the file has already.
        try
        {
            var early = ledger.CommitAsync(large);
            while (ledger.Failures == 0 && !early.IsCompleted) await Task.Delay(1, Cancel);
            time.Advance(options.CommitTimeout);
            await Assert.ThrowsAsync<LedgerUnavailableException>(() => early);

            options.CommitTimeout = TimeSpan.FromMinutes(1);
            await store.OnOwnAsync(own => own.Read(Number("pragma max_page_count = 100000")));
            var again = ledger.CommitAsync(large);
            for (; !again.IsCompleted; await Task.Delay(1, Cancel)) time.Advance(TimeSpan.FromMilliseconds(50)); // It rests.
            Assert.Equal(CommitOutcome.Applied, await again);
        }
        finally
        {
            time.Advance(TimeSpan.FromMinutes(1)); // The ledger rests no longer, and can be disposed of.
        }
    }

    [Theory]
    [InlineData(raw.SQLITE_BUSY, StoreFailure.NothingHappened)]
    [InlineData(raw.SQLITE_IOERR_FSYNC, StoreFailure.OutcomeUnknown)]
    [InlineData(raw.SQLITE_IOERR_WRITE, StoreFailure.OutcomeUnknown)]
    [InlineData(raw.SQLITE_FULL, StoreFailure.OutcomeUnknown)]
    public void Commit_ThatFails_LeavesItOpen_UnlessItHasNotBegun(int code, StoreFailure failure) =>
        Assert.Equal(failure, SqliteErrors.OfCommit(code));

    [Theory]
    [InlineData(raw.SQLITE_FULL, "the disk is full")]
    [InlineData(raw.SQLITE_IOERR_READ, "the disk failed (boo, code 266)")]
    [InlineData(raw.SQLITE_CORRUPT, "the database file is damaged (boo); restore it from a backup")]
    [InlineData(raw.SQLITE_READONLY, "the database file or its folder is read-only")]
    [InlineData(raw.SQLITE_BUSY, "another program holds the database file locked")]
    public void Failures_AreDescribedForAnOperator(int code, string line) =>
        Assert.Equal(line, SqliteErrors.Instance.Describe(new SqliteException("boo", code, code)));

    public void Dispose() => _folder.Dispose();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<DurableLedger> Open(string path, bool sharesFile = false)
    {
        var store = new SqliteStore(StoreAddress.Parse($"sqlite:{path}"), TimeProvider.System, sharesFile: sharesFile);
        var ledger = TestStores.LedgerOn(store, new LedgerOptions());
        try
        {
            await ledger.OpenAsync(Cancel);
            return ledger;
        }
        catch
        {
            await ledger.DisposeAsync();
            throw;
        }
    }

    private static async Task<string> Refusal(string path)
    {
        var message = (await Assert.ThrowsAsync<LedgerStartException>(() => Open(path))).Message;
        Assert.StartsWith("db: ", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        return message;
    }

    private async Task<string> Prepared(string sql)
    {
        var path = _folder.File("mall.db");
        await using (await Open(path)) { }
        using var connection = Connect(path);
        Scalar(connection, sql);
        return path;
    }

    private static SqliteConnection Connect(string path)
    {
        var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        return connection;
    }

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Constants of these tests.
        command.CommandText = sql;
#pragma warning restore CA2100
        return command.ExecuteScalar();
    }
}
