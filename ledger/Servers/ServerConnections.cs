namespace Mall.Ledger.Servers;

/// <summary>The ways to a server; disposing of them closes them.</summary>
/// <param name="Pool">For whatever is short; several processes share what a server allows.</param>
/// <param name="Committers">Single connections for the committer.</param>
internal sealed record ServerConnections(DbDataSource Pool, DbDataSource Committers) : IAsyncDisposable
{
    /// <summary>Of the 100 that PostgreSQL allows by default, and the 151 of MySQL.</summary>
    public const int MostPooled = 16;

    public async ValueTask DisposeAsync()
    {
        await Committers.DisposeAsync();
        await Pool.DisposeAsync();
    }
}
