using System.Globalization;
using Mall.Tests.Hosting;
using Mall.TestServers;
using Microsoft.Data.Sqlite;

namespace Mall.Tests.FrontDoor.Contract;

/// <summary>A mall on each database, for what clients rely on wherever it could differ. Opened when first asked for.</summary>
public sealed class EveryDatabase : IAsyncDisposable
{
    private readonly Dictionary<string, ContractMall> _malls = [];

    /// <summary>Their names, for theories.</summary>
    public static TheoryData<string> Names => ["SQLite", .. Enum.GetNames<DatabaseKind>()];

    public async Task<ContractMall> OnAsync(string database)
    {
        if (_malls.TryGetValue(database, out var open)) return open;
        if (database == "SQLite") return _malls[database] = new ContractMall(await WholeMall.OpenAsync(), null);
        var kind = Enum.Parse<DatabaseKind>(database);
        if (DatabaseServer.WhyMissing(kind) is { } reason) Assert.Skip(reason);
        var server = await DatabaseServer.SharedAsync(kind);
        var address = await server.CreateDatabaseAsync(ContractMall.Database, TestContext.Current.CancellationToken);
        return _malls[database] = new ContractMall(await WholeMall.OpenAsync(database: address), server);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var mall in _malls.Values) await mall.Whole.DisposeAsync();
    }
}

/// <summary>One of them, and how its clients talk to it.</summary>
public sealed class ContractMall(WholeMall whole, DatabaseServer? server)
{
    public const string Database = "client_contract";

    private static int s_people;

    public WholeMall Whole => whole;

    /// <summary>Somebody with a shop, and what they sign requests with.</summary>
    public async Task<string> SellerAsync()
    {
        var token = await UserAsync();
        await SendAsync("POST /v1/shops", """{"name":"Tea"}""", token);
        return token;
    }

    public async Task<string> UserAsync() => (await whole.RegisterAsync(NewMobile())).Token;

    public static string NewMobile() =>
        (13_500_000_000 + Interlocked.Increment(ref s_people)).ToString(CultureInfo.InvariantCulture);

    /// <param name="request">The method, a space and the path.</param>
    public Task<Answer> SendAsync(string request, string? json = null, string? token = null, string? key = null)
    {
        var space = request.IndexOf(' ', StringComparison.Ordinal);
        return whole.SendAsync(request[..space], request[(space + 1)..], json, token, key);
    }

    /// <summary>Changes the database as no mall would.</summary>
    public async Task RunSqlAsync(string sql)
    {
        if (server is not null)
        {
            await server.RunSqlAsync(sql, Database, TestContext.Current.CancellationToken);
            return;
        }

        await using var connection = new SqliteConnection($"Data Source={whole.Folder}/mall.db;Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}

[CollectionDefinition(nameof(EveryDatabase))]
public sealed class EveryDatabaseCollection : ICollectionFixture<EveryDatabase>;
