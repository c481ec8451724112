using Mall.Ledger.Stores;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using MySqlConnector;
using Npgsql;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Messaging;
using Orleans.Runtime;
using Orleans.Storage;

namespace Mall.Ledger.Tests;

/// <summary>Orleans' own membership table, gateway list and grain storage on a database that the migrations have made.</summary>
internal sealed class OrleansHost : IDisposable
{
    private readonly IHost _silo;
    private readonly IHost? _client;

    private OrleansHost(IHost silo, IHost? client) => (_silo, _client) = (silo, client);

    public IMembershipTable Members => _silo.Services.GetRequiredService<IMembershipTable>();

    public IGatewayListProvider Gateways => _client!.Services.GetRequiredService<IGatewayListProvider>();

    public IGrainStorage Storage(string name = "Default") => _silo.Services.GetRequiredKeyedService<IGrainStorage>(name);

    /// <param name="address">Of the database.</param>
    /// <param name="cluster">Only members of the same see each other.</param>
    public static async Task<OrleansHost> OpenAsync(StoreAddress address, string cluster = "mall")
    {
        var (invariant, connectionString) = address.Kind switch
        {
            StoreKind.Sqlite => ("System.Data.SQLite",
                new SqliteConnectionStringBuilder { DataSource = address.Path, Pooling = false }.ToString()),
            StoreKind.Postgres => ("Npgsql", new NpgsqlConnectionStringBuilder
            {
                Host = address.Host, Port = address.Port, Database = address.Database, Username = address.User,
                Password = address.Password,
            }.ToString()),
            _ => ("MySql.Data.MySqlConnector", new MySqlConnectionStringBuilder
            {
                Server = address.Host, Port = (uint)address.Port, Database = address.Database, UserID = address.User,
                Password = address.Password,
            }.ToString()),
        };
        var silo = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        silo.UseOrleans(orleans =>
        {
            orleans.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (cluster, "mall"));
            if (address.Kind == StoreKind.Sqlite) orleans.UseLocalhostClustering();
            else orleans.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = (invariant, connectionString));
            foreach (var (name, deletes) in (ReadOnlySpan<(string, bool)>)[("Default", false), ("Deleting", true)])
                orleans.AddAdoNetGrainStorage(name, o =>
                    (o.Invariant, o.ConnectionString, o.DeleteStateOnClear, o.GrainStorageSerializer) =
                    (invariant, connectionString, deletes, new Plain()));
        });
        var host = new OrleansHost(silo.Build(), address.Kind == StoreKind.Sqlite ? null : Client());
        var start = new Start();
        foreach (var name in (string[])["Default", "Deleting"])
            ((ILifecycleParticipant<ISiloLifecycle>)host.Storage(name)).Participate(start);
        await start.RunAsync();
        return host;

        IHost Client()
        {
            var client = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
            client.UseOrleansClient(orleans => orleans
                .Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (cluster, "mall"))
                .UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = (invariant, connectionString)));
            return client.Build();
        }
    }

    public void Dispose()
    {
        _silo.Dispose();
        _client?.Dispose();
    }

    /// <summary>A state is a text, and stored as it is.</summary>
    private sealed class Plain : IGrainStorageSerializer
    {
        public BinaryData Serialize<T>(T? input) => BinaryData.FromString(((OrleansText)(object)input!).Value!);

        public T Deserialize<T>(BinaryData input) => (T)(object)new OrleansText { Value = input.ToString() };
    }

    /// <summary>What a silo's start does for those that take part in it, without a silo.</summary>
    private sealed class Start : ISiloLifecycle
    {
        private readonly List<ILifecycleObserver> _observers = [];

        public int HighestCompletedStage => 0;

        public int LowestStoppedStage => 0;

        public IDisposable Subscribe(string observerName, int stage, ILifecycleObserver observer)
        {
            _observers.Add(observer);
            return new MemoryStream(); // Nobody takes it back.
        }

        public async Task RunAsync()
        {
            foreach (var observer in _observers) await observer.OnStart(TestContext.Current.CancellationToken);
        }
    }
}

/// <summary>A state.</summary>
public sealed class OrleansText
{
    public string? Value { get; init; }
}
