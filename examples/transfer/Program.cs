// Two banks, each with a database of its own, and a transfer between them that happens in both or in neither. One process for the
// sake of the example: a mall with its door for transactions, and the banks as HTTP services.
using Mall.Silo;
using Mall.Transactions.Client;
using Microsoft.Data.Sqlite;

var folder = Directory.CreateTempSubdirectory("mall-transfer-").FullName;
await using var mall = MallHost.Build(
    ["--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--dtm", "127.0.0.1:36789", "--db", $"sqlite:{folder}/mall.db"],
    builder => builder.Logging.ClearProviders());
await mall.StartAsync();

await using var north = await OpenBankAsync("north", 100, 9001);
await using var south = await OpenBankAsync("south", 0, 9002);
using var http = new HttpClient { BaseAddress = new Uri("http://127.0.0.1:36789/api/dtmsvr/") };
using var client = new TransactionClient(http);

foreach (var amount in (int[])[30, 500])
{
    var answer = await client.Saga(TransactionClient.NewGid(), new() { WaitsForResult = true })
        .Add("http://127.0.0.1:9001/take", "http://127.0.0.1:9001/take-back", new Transfer(amount))
        .Add("http://127.0.0.1:9002/give", "http://127.0.0.1:9002/give-back", new Transfer(amount))
        .SubmitAsync();
    var (left, right) = (await BalanceAsync("north"), await BalanceAsync("south"));
    Console.WriteLine($"{amount}: {answer.Outcome}. north has {left}, south has {right}.");
}

await mall.StopAsync();
Directory.Delete(folder, recursive: true);

async Task<WebApplication> OpenBankAsync(string name, int balance, int port)
{
    await using var connection = await ConnectAsync(name);
    await BranchBarrier.CreateTableAsync(connection);
    await ExecuteAsync(connection, null,
        $"create table account (balance integer not null check (balance >= 0)); insert into account values ({balance})");

    var builder = WebApplication.CreateSlimBuilder();
    builder.Logging.ClearProviders();
    var bank = builder.Build();
    bank.Urls.Add($"http://127.0.0.1:{port}");
    bank.MapPost("/take", (HttpRequest call, Transfer transfer) => MoveAsync(name, call, -transfer.Amount));
    bank.MapPost("/take-back", (HttpRequest call, Transfer transfer) => MoveAsync(name, call, transfer.Amount));
    bank.MapPost("/give", (HttpRequest call, Transfer transfer) => MoveAsync(name, call, transfer.Amount));
    bank.MapPost("/give-back", (HttpRequest call, Transfer transfer) => MoveAsync(name, call, -transfer.Amount));
    await bank.StartAsync();
    return bank;
}

// The balance and the barrier's row change together: once, however often the branch is called.
async Task<IResult> MoveAsync(string bank, HttpRequest call, int amount)
{
    await using var connection = await ConnectAsync(bank);
    try
    {
        await BranchBarrier.From(name => call.Query[name]).CallAsync(
            connection, transaction => ExecuteAsync(connection, transaction, $"update account set balance = balance + {amount}"));
        return Results.Ok();
    }
    catch (SqliteException e) when (e.SqliteErrorCode == 19)
    {
        return Results.Conflict("There is not enough on the account."); // The check on the balance: refused, for good.
    }
}

async Task<long> BalanceAsync(string bank)
{
    await using var connection = await ConnectAsync(bank);
    await using var command = connection.CreateCommand();
    command.CommandText = "select balance from account";
    return (long)(await command.ExecuteScalarAsync())!;
}

async Task<SqliteConnection> ConnectAsync(string bank)
{
    var connection = new SqliteConnection($"Data Source={folder}/{bank}.db");
    await connection.OpenAsync();
    return connection;
}

static async Task ExecuteAsync(SqliteConnection connection, System.Data.Common.DbTransaction? transaction, string sql)
{
    await using var command = connection.CreateCommand();
    (command.CommandText, command.Transaction) = (sql, (SqliteTransaction?)transaction);
    await command.ExecuteNonQueryAsync();
}

internal sealed record Transfer(int Amount);
