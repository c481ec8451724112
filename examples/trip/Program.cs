// A trip is a room in a hotel, booked by gRPC, and a seat that the agency itself sells: both, or neither. The agency's process
// dies in the middle of one trip; whoever goes on with it, the agency or the transaction manager that calls it back, does not
// book the room again. One process for the sake of the example: a mall with its door for transactions, the hotel, the agency.
using System.Data.Common;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using Mall.Examples.Trip;
using Mall.Silo;
using Mall.Transactions.Client;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Data.Sqlite;

const string here = "127.0.0.1:9004";
var folder = Directory.CreateTempSubdirectory("mall-trip-").FullName;
await using var mall = MallHost.Build(
    [
        "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--dtm-grpc", "127.0.0.1:36790", "--db", $"sqlite:{folder}/mall.db",
        "--dtm-retry", "00:00:01",
    ],
    builder => builder.Logging.ClearProviders());
await mall.StartAsync();

var books = new Books($"{folder}/trip.db");
await using (var connection = await books.OpenAsync())
{
    await BranchBarrier.CreateTableAsync(connection);
    await Books.RunAsync(connection, null, "create table rooms (guest text not null)");
    await Books.RunAsync(
        connection, null, "create table seats (sold integer not null check (sold <= 2)); insert into seats values (0)");
}

using var channel = GrpcChannel.ForAddress("http://127.0.0.1:36790");
using var client = new TransactionClient(channel);
var accidents = new Queue<string>(["bob"]);
var trips = client.Workflow<string>("trip", $"{here}/trip.Agency/Resume", async (run, guest) =>
{
    var stay = new Stay { Guest = guest }.ToByteArray();
    var room = Room.Parser.ParseFrom(
        await run.CallAsync($"{here}/trip.Hotel/Book", stay, rollback: $"{here}/trip.Hotel/Cancel"));
    if (accidents.TryPeek(out var next) && next == guest) throw new IOException($"died in {accidents.Dequeue()}'s trip");
    var seat = await run.DoAsync(barrier => SellSeatAsync(barrier));
    run.Result = $"room {room.Number}, seat {seat}";
});

var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.ConfigureKestrel(
    kestrel => kestrel.ListenLocalhost(9004, listen => listen.Protocols = HttpProtocols.Http2));
builder.Services.AddGrpc();
builder.Services.AddSingleton(new HotelService(books)).AddSingleton(new AgencyService(trips));
await using var services = builder.Build();
services.MapGrpcService<HotelService>();
services.MapGrpcService<AgencyService>();
await services.StartAsync();

foreach (var guest in (string[])["ada", "bob", "eve"])
{
    var gid = TransactionClient.NewGid();
    var answer = new TransactionAnswer(TransactionOutcome.Unknown);
    for (; answer.Outcome is TransactionOutcome.Unknown or TransactionOutcome.Ongoing; await Task.Delay(100))
    {
        try
        {
            answer = await trips.RunAsync(gid, guest);
        }
        catch (IOException e)
        {
            Console.WriteLine($"{guest}: {e.Message}"); // The manager would call back; whoever asks first goes on with it.
        }
    }

    Console.WriteLine($"{guest}: {answer.Outcome} {answer.Result ?? answer.Message}");
}

await using (var connection = await books.OpenAsync())
    Console.WriteLine($"rooms: {await Books.RunAsync(connection, null, "select group_concat(guest) from rooms")}");
await services.StopAsync();
await mall.StopAsync();
Directory.Delete(folder, recursive: true);

async Task<long> SellSeatAsync(BranchBarrier barrier)
{
    await using var connection = await books.OpenAsync();
    try
    {
        await barrier.CallAsync(
            connection, transaction => Books.RunAsync(connection, transaction, "update seats set sold = sold + 1"));
    }
    catch (SqliteException e) when (e.SqliteErrorCode == 19)
    {
        throw new TransactionException(TransactionAnswer.Refused("There is no seat left.")); // The check: refused, for good.
    }

    return (long)(await Books.RunAsync(connection, null, "select sold from seats"))!;
}

internal sealed class HotelService(Books books) : Hotel.HotelBase
{
    public override async Task<Room> Book(Stay request, ServerCallContext context)
    {
        await using var connection = await books.OpenAsync();
        await BranchBarrier.From(context.RequestHeaders).CallAsync(connection, transaction => Books.RunAsync(
            connection, transaction, "insert into rooms values (@guest)", request.Guest));
        return new Room { Number = (int)(long)(await Books.RunAsync(connection, null, "select max(rowid) from rooms"))! };
    }

    public override async Task<Empty> Cancel(Stay request, ServerCallContext context)
    {
        await using var connection = await books.OpenAsync();
        await BranchBarrier.From(context.RequestHeaders).CallAsync(connection, transaction => Books.RunAsync(
            connection, transaction, "delete from rooms where guest = @guest", request.Guest));
        return new Empty();
    }
}

internal sealed class AgencyService(Workflow<string> trips) : Agency.AgencyBase
{
    public override async Task<Empty> Resume(BytesValue request, ServerCallContext context)
    {
        var guest = JsonSerializer.Deserialize<string>(request.Value.Span)!;
        var answer = await trips.RunAsync(context.RequestHeaders.GetValue("dtm-gid")!, guest, context.CancellationToken);
        return answer.IsSuccess ? new Empty() : throw new RpcException(new Status(answer.GrpcStatus, answer.Message ?? ""));
    }
}

/// <summary>The database of both services.</summary>
internal sealed class Books(string file)
{
    public async Task<SqliteConnection> OpenAsync()
    {
        var connection = new SqliteConnection($"Data Source={file}");
        await connection.OpenAsync();
        return connection;
    }

    public static async Task<object?> RunAsync(
        SqliteConnection connection, DbTransaction? transaction, string sql, string guest = "")
    {
        await using var command = connection.CreateCommand();
        (command.CommandText, command.Transaction) = (sql, (SqliteTransaction?)transaction);
        command.Parameters.AddWithValue("@guest", guest);
        return await command.ExecuteScalarAsync();
    }
}
