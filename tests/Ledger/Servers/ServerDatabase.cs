using Mall.Ledger.Stores;
using Mall.TestServers;

[assembly: AssemblyFixture(typeof(SharedServers))]

namespace Mall.Ledger.Tests;

/// <summary>
/// A test class's own database on the server that all test classes share; skips the tests where there is no such server.
/// </summary>
public sealed class ServerDatabase(DatabaseKind kind, string name)
{
    private static readonly Dictionary<(DatabaseKind, string), Task<string>> s_made = [];

    public DatabaseServer Server { get; private set; } = null!;

    internal StoreAddress Address { get; private set; } = null!;

    /// <summary>Makes the database on first use, and empties it after that.</summary>
    public async Task PrepareAsync()
    {
        if (DatabaseServer.WhyMissing(kind) is { } reason) Assert.Skip(reason);
        Server = await DatabaseServer.SharedAsync(kind);
        Task<string>? made;
        bool isNew;
        lock (s_made)
        {
            isNew = !s_made.TryGetValue((kind, name), out made);
            if (isNew) s_made[(kind, name)] = made = Server.CreateDatabaseAsync(name);
        }

        Address = StoreAddress.Parse(await made!);
        if (!isNew) await Server.EmptyAsync(name, ["schema_version", "orleansquery"]);
    }
}
