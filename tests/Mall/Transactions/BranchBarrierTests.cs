using System.Data.Common;
using Mall.TestServers;
using Mall.Transactions.Client;
using Microsoft.Data.Sqlite;
using MySqlConnector;
using Npgsql;

namespace Mall.Tests.Transactions;

/// <summary>The client's barrier on the databases that services keep: on a file, and on servers by their own drivers.</summary>
public sealed class BranchBarrierTests : IAsyncDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"mall-barrier-{Guid.NewGuid():N}.db");
    private readonly List<DbConnection> _connections = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections) await connection.DisposeAsync();
        File.Delete(_file);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(DatabaseKind.Postgres)]
    [InlineData(DatabaseKind.MariaDb)]
    public async Task Barrier_OnEachDatabase_DoesOnce_UndoesOnce_AndNeverWhatWasUndoneBefore(DatabaseKind? kind)
    {
        var (database, other) = await OpenAsync(kind);
        foreach (var (type, act, undo) in ((string, string, string)[])
            [("saga", "action", "compensate"), ("tcc", "try", "cancel"), ("workflow", "action", "rollback")])
        {
            Task<bool> CallAsync(string gid, string op, Exception? trouble = null) =>
                new BranchBarrier(type, gid, "01", op).CallAsync(database, async transaction =>
                {
                    await NoteAsync(transaction, $"{gid} {op}");
                    if (trouble is not null) throw trouble;
                }, Stop);
            var (done, late, torn, otherCase) = ($"a-{undo}", $"b-{undo}", $"c-{undo}", $"A-{undo}");
            Assert.True(await CallAsync(done, act));
            Assert.False(await CallAsync(done, act));
            Assert.True(await CallAsync(done, undo));
            Assert.False(await CallAsync(done, undo));
            Assert.False(await CallAsync(late, undo));
            Assert.False(await CallAsync(late, act));
            await Assert.ThrowsAsync<TimeZoneNotFoundException>(() => CallAsync(torn, act, new TimeZoneNotFoundException()));
            Assert.True(await CallAsync(torn, act));
            Assert.True(await CallAsync(otherCase, act));

            // The same barrier, tried again: the work is the first one still, and is undone as that.
            var (again, attempts) = (new BranchBarrier(type, $"d-{undo}", "01", act), 0);
            Task<bool> TryAsync() => again.CallAsync(database, async transaction =>
            {
                await NoteAsync(transaction, $"d-{undo} {act}");
                if (attempts++ == 0) throw new TimeZoneNotFoundException();
            }, Stop);
            await Assert.ThrowsAsync<TimeZoneNotFoundException>(TryAsync);
            Assert.True(await TryAsync());
            Assert.False(await CallAsync($"d-{undo}", act));
            Assert.True(await CallAsync($"d-{undo}", undo));
            Assert.Equal(
                new[]
                {
                    $"{otherCase} {act}", $"{done} {act}", $"{done} {undo}", $"{torn} {act}",
                    $"d-{undo} {act}", $"d-{undo} {undo}",
                }.Order(StringComparer.Ordinal),
                (await NotesAsync(other)).Where(note => note.Contains($"-{undo} ", StringComparison.Ordinal)));
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData(DatabaseKind.Postgres)]
    [InlineData(DatabaseKind.MariaDb)]
    public async Task Barrier_OfTwoCallsAtOnce_LetsOneIn(DatabaseKind? kind)
    {
        var (first, second) = await OpenAsync(kind);
        for (var i = 0; i < 5; i++)
        {
            var gid = $"race-{i}";
            var calls = await Task.WhenAll(((DbConnection[])[first, second]).Select(connection => Task.Run(
                () => new BranchBarrier("saga", gid, "01", "action").CallAsync(
                    connection, transaction => NoteAsync(transaction, gid), Stop), Stop)));
            Assert.Single(calls, entered => entered);
        }

        Assert.Equal(["race-0", "race-1", "race-2", "race-3", "race-4"], await NotesAsync(first));
    }

    [Fact]
    public async Task Table_OnPostgres_IsMadeOnce_BySeveralReplicasAtOnce_AndAskedForByWhoMayMakeNothing()
    {
        await OpenAsync(DatabaseKind.Postgres);
        await ExecuteAsync(_connections[0], null, "drop schema dtm_barrier cascade");
        for (var i = 0; i < 6; i++)
        {
            _connections.Add((DbConnection)((ICloneable)_connections[0]).Clone());
            await _connections[^1].OpenAsync(Stop);
        }

        await Task.WhenAll(_connections.Select(
            connection => Task.Run(() => BranchBarrier.CreateTableAsync(connection, Stop), Stop)));

        await ExecuteAsync(
            _connections[0], null,
            """
            create role guest; grant usage on schema dtm_barrier to guest;
            grant select, insert on dtm_barrier.barrier to guest
            """);
        await ExecuteAsync(_connections[0], null, "set role guest");
        await BranchBarrier.CreateTableAsync(_connections[0], Stop);
        Assert.True(await new BranchBarrier("saga", "guest", "01", "action").CallAsync(
            _connections[0], _ => Task.CompletedTask, Stop));
        await ExecuteAsync(_connections[0], null, "reset role; drop owned by guest; drop role guest");
    }

    /// <summary>DTM's own clients name the constraint in what they write.</summary>
    [Fact]
    public async Task Table_OnPostgres_TakesTheRowsOfDtmsOwnClients()
    {
        var (database, _) = await OpenAsync(DatabaseKind.Postgres);
        foreach (var _ in new int[2])
            await ExecuteAsync(database, null, """
                insert into dtm_barrier.barrier (trans_type, gid, branch_id, op, barrier_id, reason)
                values ('saga', 'dtm', '01', 'action', '01', 'action') on conflict on constraint uniq_barrier do nothing
                """);
        Assert.False(await new BranchBarrier("saga", "dtm", "01", "action").CallAsync(database, _ => Task.CompletedTask, Stop));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(DatabaseKind.Postgres)]
    [InlineData(DatabaseKind.MariaDb)]
    public async Task WasCommitted_WaitsForTheTransactionUnderWay_AndWhatItDeniesNeverIs(DatabaseKind? kind)
    {
        var (database, asker) = await OpenAsync(kind);
        Assert.False(await BranchBarrier.WasCommittedAsync(asker, "denied", Stop));
        Assert.False(await new BranchBarrier("msg", "denied", "00", "msg").CallAsync(
            database, transaction => NoteAsync(transaction, "denied"), Stop));

        await using var transaction = await database.BeginTransactionAsync(Stop);
        Assert.True(await new BranchBarrier("msg", "under-way", "00", "msg").EnterAsync(transaction, Stop));
        await NoteAsync(transaction, "under-way");
        var asked = Task.Run(() => BranchBarrier.WasCommittedAsync(asker, "under-way", Stop), Stop);
        await transaction.CommitAsync(Stop);
        var wasCommitted = await asked;
        Assert.True(wasCommitted);
        Assert.Equal(["under-way"], await NotesAsync(asker));
    }

    private async Task<(DbConnection First, DbConnection Second)> OpenAsync(DatabaseKind? kind)
    {
        Func<DbConnection> connect = () => new SqliteConnection($"Data Source={_file};Pooling=False");
        if (kind is { } server)
        {
            if (DatabaseServer.WhyMissing(server) is { } reason) Assert.Skip(reason);
            var shared = await DatabaseServer.SharedAsync(server);
            var uri = new Uri(await shared.CreateDatabaseAsync($"barrier_{Guid.NewGuid():N}", Stop));
            var (user, password, database) = (uri.UserInfo.Split(':')[0], uri.UserInfo.Split(':')[1], uri.AbsolutePath[1..]);
            connect = server == DatabaseKind.Postgres
                ? () => new NpgsqlConnection(
                    $"Host={uri.Host};Port={uri.Port};Username={user};Password={password};Database={database};Pooling=false")
                : () => new MySqlConnection(
                    $"Server={uri.Host};Port={uri.Port};User ID={user};Password={password};Database={database};Pooling=false");
        }

        _connections.AddRange([connect(), connect()]);
        foreach (var connection in _connections) await connection.OpenAsync(Stop);
        foreach (var _ in new int[2]) await BranchBarrier.CreateTableAsync(_connections[0], Stop);
        await ExecuteAsync(_connections[0], null, "create table notes (note varchar(200) not null)");
        if (kind == DatabaseKind.MariaDb) // There it is one table for all databases.
            await ExecuteAsync(_connections[0], null, "delete from dtm_barrier.barrier");
        return (_connections[0], _connections[1]);
    }

    private static Task NoteAsync(DbTransaction transaction, string note) =>
        ExecuteAsync(transaction.Connection!, transaction, $"insert into notes values ('{note}')");

    private static async Task ExecuteAsync(DbConnection connection, DbTransaction? transaction, string sql)
    {
        await using var command = connection.CreateCommand();
        (command.CommandText, command.Transaction) = (sql, transaction);
        await command.ExecuteNonQueryAsync(Stop);
    }

    private static async Task<List<string>> NotesAsync(DbConnection connection)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "select note from notes";
        await using var reader = await command.ExecuteReaderAsync(Stop);
        var notes = new List<string>();
        while (await reader.ReadAsync(Stop)) notes.Add(reader.GetString(0));
        notes.Sort(StringComparer.Ordinal);
        return notes;
    }
}
