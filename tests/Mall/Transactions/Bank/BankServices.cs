using System.Collections.Concurrent;
using System.Data.Common;
using System.Text.Json;
using Mall.Transactions.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Tests.Transactions.Bank;

/// <summary>What a branch is told to do.</summary>
public sealed record Move(string Account, long Amount, bool IsRefused);

/// <summary>
/// Services with a database of their own and accounts in it. Whatever a branch does is written down in the transaction that does
/// it, so that an audit sees what was done twice; that it is not is the barrier's doing. They are as slow and as forgetful as
/// services are: some answer late, some with an error although it is done, some that they are not ready.
/// </summary>
public sealed class BankServices : IAsyncDisposable
{
    public const int Accounts = 20;
    public const long Opening = 1000;
    private const int LongestPauseMs = 400;

    private readonly SqliteConnection _database = new("Data Source=:memory:");
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly ConcurrentDictionary<string, int> _calls = [];
    private readonly ConcurrentDictionary<string, int> _driven = [];
    private readonly Random _dice;
    private WebApplication? _app;
    private Uri? _address;

    private BankServices(int seed) => _dice = new Random(seed);

    /// <summary>Null where there is no database that takes part in XA.</summary>
    public BankXa? Xa { get; private set; }

    /// <summary>Runs a workflow on behalf of its client, who is asked for it.</summary>
    public Func<string, Task<bool>>? Workflows { get; set; }

    /// <summary>How many calls have come, and how many of them for the first time.</summary>
    public (int All, int First) Calls => (_calls.Values.Sum(), _calls.Count);

    /// <summary>Each transaction that has called, with how many of its calls were the manager's, not its client's.</summary>
    public Dictionary<string, int> Driven => new(_driven);

    public static async Task<BankServices> OpenAsync(int seed, CancellationToken stop)
    {
        var bank = new BankServices(seed) { Xa = await BankXa.OpenAsync(stop) };
        await bank._database.OpenAsync(stop);
        await BranchBarrier.CreateTableAsync(bank._database, stop);
        await bank.RunAsync($"""
            create table accounts (id text primary key, balance integer not null, held integer not null);
            create table effects (gid text not null, branch_id text not null, op text not null);
            with recursive n(i) as (select 0 union all select i + 1 from n where i < {Accounts - 1})
            insert into accounts select 'a' || i, {Opening}, 0 from n
            """);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        bank._app = builder.Build();
        bank._app.Run(bank.ServeAsync);
        await bank._app.StartAsync(stop);
        bank._address = new Uri(
            bank._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
        return bank;
    }

    /// <summary>Of <c>move</c>, <c>xa</c>, <c>query</c> or <c>workflow</c>.</summary>
    public string Url(string service) => new Uri(_address!, service).ToString();

    /// <summary>Does a branch's work once. False: refused.</summary>
    public async Task<bool> MoveAsync(string type, string gid, string branch, string op, Move move)
    {
        if (move.IsRefused && op is "action" or "try") return false;
        await AloneAsync(() => new BranchBarrier(type, gid, branch, op).CallAsync(
            _database, transaction => EffectAsync(transaction, gid, branch, op, move)));
        return true;
    }

    /// <summary>A message's local transaction. False: the manager had given the message up.</summary>
    public Task<bool> SendAsync(string gid, Move move) => AloneAsync(() => new BranchBarrier("msg", gid, "00", "msg").CallAsync(
        _database, transaction => EffectAsync(transaction, gid, "00", "msg", move)));

    /// <summary>What a query gives, a line for each row.</summary>
    public Task<string[]> AskAsync(string sql) => AloneAsync(() => AskAsync(_database, sql));

    public static async Task<string[]> AskAsync(DbConnection database, string sql)
    {
        await using var command = database.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
            rows.Add(string.Join(' ', Enumerable.Range(0, reader.FieldCount).Select(reader.GetValue)));
        return [.. rows];
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null) await _app.DisposeAsync();
        await _database.DisposeAsync();
        _turn.Dispose();
    }

    private async Task ServeAsync(HttpContext http)
    {
        string Field(string name) => http.Request.Query[name].ToString();
        var (gid, branch, op) = (Field("gid"), Field("branch_id"), Field("op"));
        _calls.AddOrUpdate($"{gid} {branch} {op}", 1, (_, before) => before + 1);
        var driven = op is "try" || (http.Request.Path == "/xa" && op is "action") ? 0 : 1;
        _driven.AddOrUpdate(gid, driven, (_, before) => before + driven);
        var mood = Dice(16);
        http.Response.StatusCode = 425;
        if (mood == 0 && op is not "try") return; // Not yet.
        var isMoved = http.Request.ContentLength > 0 && http.Request.Path.Value is "/move" or "/xa";
        var move = isMoved ? (await JsonSerializer.DeserializeAsync<Move>(http.Request.Body))! : new Move("", 0, false);
        var isDone = http.Request.Path.Value switch
        {
            "/move" => await MoveAsync(Field("trans_type"), gid, branch, op, move),
            "/query" => await AloneAsync(() => BranchBarrier.WasCommittedAsync(_database, gid)),
            "/workflow" => await Workflows!(gid),
            "/xa" => await Xa!.AnswerAsync(gid, branch, op, move),
            _ => (bool?)null,
        };
        if (mood is >= 1 and <= 4) await Task.Delay(Dice(LongestPauseMs));
        http.Response.StatusCode = isDone is null || mood == 1 ? 500 : isDone.Value ? 200 : 409;
    }

    private int Dice(int below)
    {
        lock (_dice) return _dice.Next(below);
    }

    private static async Task EffectAsync(DbTransaction transaction, string gid, string branch, string op, Move move)
    {
        var (balance, held) = op switch
        {
            "action" or "msg" => (move.Amount, 0L),
            "compensate" or "rollback" => (-move.Amount, 0),
            "try" => (0, move.Amount),
            "confirm" => (move.Amount, -move.Amount),
            "cancel" => (0, -move.Amount),
            _ => throw new InvalidOperationException($"No branch of this bank knows {op}."),
        };
        await using var command = transaction.Connection!.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = $"""
            update accounts set balance = balance + {balance}, held = held + {held} where id = '{move.Account}';
            insert into effects values ('{gid}', '{branch}', '{op}')
            """;
        await command.ExecuteNonQueryAsync();
    }

    private Task<int> RunAsync(string sql) => AloneAsync(async () =>
    {
        await using var command = _database.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteNonQueryAsync();
    });

    private async Task<T> AloneAsync<T>(Func<Task<T>> act)
    {
        await _turn.WaitAsync();
        try
        {
            return await act();
        }
        finally
        {
            _turn.Release();
        }
    }
}
