// A user registers in one service, and another gives points to whoever has: exactly those, also when the first dies right after
// its commit. One process for the sake of the example: a mall with its door for transactions, and both services.
using Mall.Silo;
using Mall.Transactions.Client;
using Microsoft.Data.Sqlite;

var folder = Directory.CreateTempSubdirectory("mall-registration-").FullName;
await using var mall = MallHost.Build(
    [
        "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--dtm", "127.0.0.1:36789", "--db", $"sqlite:{folder}/mall.db",
        "--dtm-timeout-to-fail", "00:00:01",
    ],
    builder => builder.Logging.ClearProviders());
await mall.StartAsync();

await CreateAsync("users", "create table users (name text primary key)");
await CreateAsync("points", "create table points (name text primary key, balance integer not null)");
var service = await ServeAsync();
using var http = new HttpClient { BaseAddress = new Uri("http://127.0.0.1:36789/api/dtmsvr/") };
using var client = new TransactionClient(http);

Console.WriteLine($"ada: {(await RegisterAsync("ada")).Outcome}");
try
{
    await RegisterAsync("bob", () => throw new InvalidOperationException("the service died before its commit"));
}
catch (InvalidOperationException e)
{
    Console.WriteLine($"bob: {e.Message}");
}

while (await ScalarAsync("points", "select count(*) from points") is 0L) await Task.Delay(100);
Console.WriteLine($"users: {await ScalarAsync("users", "select group_concat(name) from users")}");
Console.WriteLine($"points: {await ScalarAsync("points", "select group_concat(name || ' ' || balance) from points")}");
await service.DisposeAsync();
await mall.StopAsync();
Directory.Delete(folder, recursive: true);

async Task<TransactionAnswer> RegisterAsync(string name, Action? accident = null)
{
    await using var users = await ConnectAsync("users");
    return await client.Message(TransactionClient.NewGid())
        .Add("http://127.0.0.1:9003/points", new Welcome(name))
        .DoAndSubmitAsync("http://127.0.0.1:9003/was-committed", users, async transaction =>
        {
            await ExecuteAsync(users, transaction, "insert into users values (@name)", name);
            accident?.Invoke();
        });
}

async Task<WebApplication> ServeAsync()
{
    var builder = WebApplication.CreateSlimBuilder();
    builder.Logging.ClearProviders();
    var app = builder.Build();
    app.Urls.Add("http://127.0.0.1:9003");
    app.MapGet("/was-committed", async (string gid) =>
    {
        await using var users = await ConnectAsync("users");
        return await BranchBarrier.WasCommittedAsync(users, gid) ? Results.Ok() : Results.Conflict();
    });
    app.MapPost("/points", async (HttpRequest call, Welcome welcome) =>
    {
        await using var points = await ConnectAsync("points");
        await BranchBarrier.From(name => call.Query[name]).CallAsync(
            points, transaction => ExecuteAsync(points, transaction, "insert into points values (@name, 10)", welcome.Name));
        return Results.Ok();
    });
    await app.StartAsync();
    return app;
}

async Task CreateAsync(string database, string sql)
{
    await using var connection = await ConnectAsync(database);
    await BranchBarrier.CreateTableAsync(connection);
    await ExecuteAsync(connection, null, sql, "");
}

async Task<SqliteConnection> ConnectAsync(string database)
{
    var connection = new SqliteConnection($"Data Source={folder}/{database}.db");
    await connection.OpenAsync();
    return connection;
}

static async Task ExecuteAsync(SqliteConnection connection, System.Data.Common.DbTransaction? transaction, string sql,
    string name)
{
    await using var command = connection.CreateCommand();
    (command.CommandText, command.Transaction) = (sql, (SqliteTransaction?)transaction);
    command.Parameters.AddWithValue("@name", name);
    await command.ExecuteNonQueryAsync();
}

async Task<object?> ScalarAsync(string database, string sql)
{
    await using var connection = await ConnectAsync(database);
    await using var command = connection.CreateCommand();
    command.CommandText = sql;
    return await command.ExecuteScalarAsync();
}

internal sealed record Welcome(string Name);
