using Mall.TestServers;

namespace Mall.Ledger.Tests;

/// <summary>A server of a test class's own, which it may stop and kill.</summary>
public abstract class FaultServer(DatabaseKind kind) : IAsyncLifetime
{
    private int _databases;

    public DatabaseKind Kind => kind;

    public DatabaseServer Server { get; private set; } = null!;

    public string? WhyMissing { get; } = DatabaseServer.WhyMissing(kind);

    public async ValueTask InitializeAsync()
    {
        if (WhyMissing is null) Server = await DatabaseServer.StartAsync(kind);
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return Server?.DisposeAsync() ?? default;
    }

    /// <summary>An empty database.</summary>
    public async Task<string> NewDatabaseAsync()
    {
        var name = $"faults{++_databases}";
        await Server.CreateDatabaseAsync(name);
        return name;
    }
}

public sealed class PostgresFaultServer() : FaultServer(DatabaseKind.Postgres);

public sealed class MariaDbFaultServer() : FaultServer(DatabaseKind.MariaDb);
