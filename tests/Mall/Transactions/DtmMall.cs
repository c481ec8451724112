using System.Net;
using System.Text;
using System.Text.Json;
using Grpc.Net.Client;
using Mall.Api;
using Mall.Api.Transactions;
using Mall.Silo;
using Mall.Tests.Hosting;
using Mall.TestServers;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mall.Tests.Transactions;

/// <summary>
/// A mall with its doors for DTM's clients open, and services for it to call: tests speak DTM's HTTP and gRPC by hand. Repeats
/// come after a second.
/// </summary>
public class DtmMall : IAsyncLifetime
{
    private readonly string _folder = TestFolder.Create("mall-dtm-").FullName;
    private WebApplication? _app;
    private string? _db;

    protected virtual DatabaseKind? Database => null;

    protected virtual IEnumerable<string> Settings => [];

    public HttpClient Client { get; private set; } = new();

    public GrpcChannel Grpc { get; private set; } = null!;

    public Services Services { get; private set; } = null!;

    public LogBook Log { get; } = new();

    public IServiceProvider Mall => _app!.Services;

    /// <summary>Where the mall itself answers.</summary>
    public Uri MallHttp => new(_app!.Urls.First());

    public async ValueTask InitializeAsync()
    {
        _db = $"sqlite:{_folder}/mall.db";
        if (Database is { } kind)
        {
            if (DatabaseServer.WhyMissing(kind) is { } reason) Assert.Skip(reason);
            _db = await (await DatabaseServer.SharedAsync(kind)).CreateDatabaseAsync("dtm", CancellationToken.None);
        }

        Services = await Services.OpenAsync();
        await OpenAsync();
    }

    /// <summary>Ends the mall in good order and opens another one on its database.</summary>
    /// <param name="between">What is done while there is none.</param>
    public async Task ReopenAsync(Func<Task>? between = null)
    {
        await CloseAsync();
        if (between is not null) await between();
        await OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await CloseAsync();
        await Services.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    public async Task<Answer> SendAsync(string method, string path, string? json = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (json is not null) request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        return await Answer.ReadAsync(response);
    }

    public Task<Answer> PostAsync(string call, object body) =>
        SendAsync("POST", $"/api/dtmsvr/{call}", JsonSerializer.Serialize(body));

    public Task<Answer> GetAsync(string call) => SendAsync("GET", $"/api/dtmsvr/{call}");

    public async Task<string> StatusAsync(string gid)
    {
        var answer = await GetAsync($"query?gid={Uri.EscapeDataString(gid)}");
        return answer.Json.GetProperty("transaction") is { ValueKind: JsonValueKind.Object } found
            ? found.GetProperty("status").GetString()!
            : "none";
    }

    /// <summary>Waits until the transaction has this status.</summary>
    public Task UntilAsync(string gid, string status) =>
        TestMall.EventuallyAsync(async () => await StatusAsync(gid) == status, $"{gid} is {status}");

    /// <summary>Its branches as <c>01 action succeed</c>, in their order.</summary>
    public async Task<string[]> BranchesAsync(string gid)
    {
        var answer = await GetAsync($"query?gid={Uri.EscapeDataString(gid)}");
        return
        [
            .. answer.Json.GetProperty("branches").EnumerateArray().Select(b =>
                string.Join(' ', ((string[])["branch_id", "op", "status"]).Select(field => b.GetProperty(field).GetString()))),
        ];
    }

    /// <summary>Tries it again now, instead of at its time.</summary>
    public Task<Answer> WakeAsync(string gid) => PostAsync("resetNextCronTime", new { gid });

    /// <summary>What SQL says, of SQLite.</summary>
    public async Task<long> CountAsync(string sql) => (long)(await ScalarAsync(sql, SqliteOpenMode.ReadOnly))!;

    /// <summary>Changes SQLite's database as no mall would.</summary>
    public Task RunSqlAsync(string sql) => ScalarAsync(sql, SqliteOpenMode.ReadWrite);

    private async Task<object?> ScalarAsync(string sql, SqliteOpenMode mode)
    {
        await using var connection = new SqliteConnection($"Data Source={_folder}/mall.db;Mode={mode};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync();
    }

    /// <summary>Changes the database, of SQLite.</summary>
    public async Task ChangeAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={_folder}/mall.db;Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.Equal(1, await command.ExecuteNonQueryAsync());
    }

    private async Task OpenAsync()
    {
        _app = MallHost.Build(
            [
                "--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--db", _db!, "--dtm", "127.0.0.1:0", "--dtm-grpc",
                "127.0.0.1:0",
                "--dtm-retry", "00:00:01", "--dtm-request-timeout", "00:00:02", .. Settings,
            ],
            builder =>
            {
                builder.Logging.ClearProviders().AddProvider(Log);
                builder.Services.AddSingleton(new ApiOptions { TokenKey = WholeMall.TokenKey, PasswordHashIterations = 1000 });
            });
        await _app.StartAsync();
        var addresses = _app.Services.GetServices<IHostedService>().OfType<DtmDoor>().Single().Addresses;
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = addresses[0] };
        Grpc = GrpcChannel.ForAddress(addresses[1]);
    }

    private async Task CloseAsync()
    {
        Client.Dispose();
        Grpc?.Dispose();
        if (_app is null) return;
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}

/// <summary>The same on a PostgreSQL server.</summary>
public sealed class PostgresDtmMall : DtmMall
{
    protected override DatabaseKind? Database => DatabaseKind.Postgres;
}

/// <summary>The same on a MariaDB server.</summary>
public sealed class MariaDbDtmMall : DtmMall
{
    protected override DatabaseKind? Database => DatabaseKind.MariaDb;
}
