namespace Mall.TestServers;

/// <summary>
/// Behind the last test of an assembly whose fixture this is, the servers that its tests have shared end, and their folders go.
/// When the process exits it is too late: whoever ran the tests waits ten seconds for that, and takes it for a failure then.
/// </summary>
public sealed class SharedServers : IAsyncDisposable
{
    public ValueTask DisposeAsync() => new(DatabaseServer.EndSharedAsync());
}
