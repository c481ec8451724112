using Mall.TestServers;
using Microsoft.Data.Sqlite;

namespace Mall.Tests.Installations;

/// <summary>A mall that outlives its processes: a database file in a folder of its own, and addresses that stay.</summary>
public sealed class Installation : IPremises, IAsyncDisposable
{
    private static readonly TimeSpan s_startsWithin = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan s_looksEvery = TimeSpan.FromMilliseconds(20);

    private readonly DirectoryInfo _folder = TestFolder.Create("mall-test-");
    private readonly List<SiloProcess> _silos = [];

    public Installation() => (HttpPort, GrpcPort) = (FreePorts.Take(), FreePorts.Take());

    public int HttpPort { get; }

    public int GrpcPort { get; }

    /// <summary>The folder that its processes run in.</summary>
    public string Folder => _folder.FullName;

    /// <summary>The database file.</summary>
    public string File => Path.Combine(_folder.FullName, "mall.db");

    /// <summary>The address of REST.</summary>
    public Uri Address => new($"http://127.0.0.1:{HttpPort}/");

    /// <summary>How its silo is told where to serve and what.</summary>
    public string[] Settings => ["--http", $"127.0.0.1:{HttpPort}", "--grpc", $"127.0.0.1:{GrpcPort}", "--db", $"sqlite:{File}"];

    /// <summary>Starts its silo and does not wait.</summary>
    public SiloProcess Start() => Start(Settings);

    /// <summary>Starts a silo with other settings, in the same folder.</summary>
    public SiloProcess Start(IEnumerable<string> settings, IReadOnlyDictionary<string, string>? environment = null)
    {
        var silo = SiloProcess.Start(Folder, settings, environment);
        _silos.Add(silo);
        return silo;
    }

    /// <summary>Starts its silo and waits until it serves.</summary>
    public async Task<SiloProcess> OpenAsync(CancellationToken cancellationToken)
    {
        var silo = Start();
        await UntilServingAsync(silo, cancellationToken);
        return silo;
    }

    /// <summary>Waits until the silo says that it is ready.</summary>
    /// <exception cref="InvalidOperationException">It ended instead, or took too long.</exception>
    public async Task UntilServingAsync(SiloProcess silo, CancellationToken cancellationToken)
    {
        using var client = new HttpClient { BaseAddress = Address };
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(s_startsWithin);
        while (!await IsServingAsync(client, patience.Token))
        {
            if (silo.HasExited || patience.IsCancellationRequested)
                throw new InvalidOperationException($"The silo does not serve.{Environment.NewLine}{silo.Tail()}");
            await Task.Delay(s_looksEvery, cancellationToken);
        }
    }

    /// <summary>Does something to the database that no silo would do.</summary>
    public async Task RunSqlAsync(string sql)
    {
        await using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in _silos)
            await silo.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static async Task<bool> IsServingAsync(HttpClient client, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await client.GetAsync("health/ready", cancellationToken);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return false; // nobody listens yet
        }
    }
}
