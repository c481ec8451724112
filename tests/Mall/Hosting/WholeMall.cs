using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Mall.Api;
using Mall.Silo;
using Mall.TestServers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mall.Tests.Hosting;

/// <summary>
/// A whole mall in this process as <c>dotnet run</c> starts it, on a database of its own, with its doors on free ports of the
/// loopback interface: tests knock from outside and look into the database with SQL of their own.
/// </summary>
public sealed class WholeMall : IAsyncDisposable
{
    /// <summary>The key of this mall's tokens, so that tests can make tokens of every kind.</summary>
    public const string TokenKey = "the key of a mall that lives for one test";

    private static readonly string[] s_doors =
        ["--http", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--token-key", TokenKey];

    private readonly WebApplication _app;
    private readonly WebApplication? _silo;

    private WholeMall(WebApplication app, WebApplication? silo, string folder, LogBook log)
    {
        (_app, _silo, Folder, Log) = (app, silo, folder, log);
        var addresses = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        Http = new Uri(addresses.First());
        Grpc = new Uri(addresses.Last());
        Client = new HttpClient(new SocketsHttpHandler
        {
            UseCookies = false,
            AllowAutoRedirect = false,
            RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8, // A client may send what it should not.
        }) { BaseAddress = Http };
    }

    public Uri Http { get; }

    public Uri Grpc { get; }

    public HttpClient Client { get; }

    public LogBook Log { get; }

    public string Folder { get; }

    public IServiceProvider Services => (_silo ?? _app).Services;

    /// <param name="configure">Changes to the services, after everything else was added.</param>
    /// <param name="options">Changes to the front door, addresses aside; null for the usual ones with quicker passwords.</param>
    /// <param name="database">The address of a database on a server; null: a file in the folder.</param>
    /// <param name="settings">More of them, as on the command line.</param>
    public static async Task<WholeMall> OpenAsync(
        Action<IServiceCollection>? configure = null, ApiOptions? options = null, string? database = null,
        params string[] settings)
    {
        var folder = TestFolder.Create("mall-door-").FullName;
        var log = new LogBook();
        var app = Build([.. s_doors, "--db", database ?? $"sqlite:{folder}/mall.db", .. settings], log, options, configure);
        await app.StartAsync();
        return new WholeMall(app, null, folder, log);
    }

    /// <summary>
    /// The same with its front door and its silo in hosts of their own, which meet on the loopback as two processes do.
    /// </summary>
    /// <param name="database">Of a server.</param>
    /// <param name="configure">Changes to the silo's services.</param>
    /// <param name="options">Changes to the front door, as above.</param>
    public static async Task<WholeMall> OpenInTwoAsync(
        string database, Action<IServiceCollection>? configure = null, ApiOptions? options = null)
    {
        var log = new LogBook();
        var silo = Build(
            ["--roles", "silo", "--silo", FreePorts.TakeEndpoint(), "--gateway", FreePorts.TakeEndpoint(), "--db", database],
            log, null, configure);
        await silo.StartAsync();
        var door = Build(["--roles", "api", .. s_doors, "--db", database], log, options, null);
        await door.StartAsync();
        return new WholeMall(door, silo, TestFolder.Create("mall-door-").FullName, log);
    }

    /// <summary>A front door more, of the silos on that database.</summary>
    public static async Task<WholeMall> OpenDoorAsync(string database)
    {
        var log = new LogBook();
        var door = Build(["--roles", "api", .. s_doors, "--db", database], log, null, null);
        await door.StartAsync();
        return new WholeMall(door, null, TestFolder.Create("mall-door-").FullName, log);
    }

    /// <summary>
    /// A checksum of each table: its rows, all of them, in no particular order. Two that are equal mean that nothing was written,
    /// but for the ledger's own housekeeping, which runs when it pleases; what is told of sales behind orders has been told.
    /// </summary>
    public async Task<Dictionary<string, string>> SnapshotAsync()
    {
        await using var connection = new SqliteConnection($"Data Source={Folder}/mall.db;Mode=ReadOnly;Pooling=False");
        await connection.OpenAsync();
        await TestMall.EventuallyAsync(
            async () => (await RowsAsync(connection, "select id from products where sold <> sales")).Count == 0,
            "sales are told");
        var snapshot = new Dictionary<string, string>();
        const string tables = "select name from sqlite_master where type = 'table' and name not in ('commit_marks', 'schedules')";
        foreach (var table in await RowsAsync(connection, tables))
        {
            var rows = await RowsAsync(
                connection,
                $"select * from \"{table}\"{(table == "due" ? " where kind not in ('ledger.cleanup', 'products.sales')" : "")}");
            rows.Sort(StringComparer.Ordinal);
            var sum = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', rows)));
            snapshot[table] = $"{rows.Count} rows, {Convert.ToHexString(sum)[..16]}";
        }

        return snapshot;
    }

    /// <summary>Sends a request with a JSON body, when there is one.</summary>
    public async Task<Answer> SendAsync(string method, string path, string? json = null, string? token = null, string? key = null)
    {
        using var request = Request(method, path, json, token, key);
        using var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        return await Answer.ReadAsync(response);
    }

    public static HttpRequestMessage Request(
        string method, string path, string? json = null, string? token = null, string? key = null)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (json is not null) request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        if (token is not null) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        if (key is not null) request.Headers.Add("Idempotency-Key", key);
        return request;
    }

    /// <summary>A new user and their token, through the door.</summary>
    public async Task<(long Id, string Token)> RegisterAsync(string mobile)
    {
        var credentials = $$"""{"mobile":"{{mobile}}","password":"correct horse"}""";
        var user = await SendAsync("POST", "/v1/users", credentials);
        var session = await SendAsync("POST", "/v1/sessions", credentials);
        return (user.Json.GetProperty("id").GetInt64(), session.Json.GetProperty("accessToken").GetString()!);
    }

    /// <summary>A product on sale, of a seller who has a shop.</summary>
    public async Task<long> SellAsync(string token, long stock, long price = 250)
    {
        var json = string.Create(CultureInfo.InvariantCulture, $$"""{"name":"Teapot","stock":{{stock}},"price":{{price}}}""");
        var product = await SendAsync("POST", "/v1/products", json, token);
        return product.Json.GetProperty("id").GetInt64();
    }

    /// <summary>Ends the mall in good order, as a signal to the process would.</summary>
    public async Task StopAsync()
    {
        await _app.StopAsync();
        if (_silo is not null) await _silo.StopAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Client.Dispose();
        await _app.DisposeAsync();
        if (_silo is not null) await _silo.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    private static WebApplication Build(
        string[] settings, LogBook log, ApiOptions? options, Action<IServiceCollection>? configure) => MallHost.Build(
        settings,
        builder =>
        {
            builder.Logging.ClearProviders().AddProvider(log);
            builder.Services.AddSingleton(options ?? new ApiOptions { TokenKey = TokenKey, PasswordHashIterations = 1000 });
            configure?.Invoke(builder.Services);
        });

    private static async Task<List<string>> RowsAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            var columns = Enumerable.Range(0, reader.FieldCount).Select(reader.GetValue);
            rows.Add(string.Join('|', columns.Select(value => Convert.ToString(value, CultureInfo.InvariantCulture))));
        }

        return rows;
    }
}
