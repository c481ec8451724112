using System.Data.Common;
using Mall.Ledger.Leases;
using Npgsql;

namespace Mall.Ledger.Postgres;

/// <summary>Leases in PostgreSQL.</summary>
internal sealed class PostgresLeases(LeaseOptions options) : LeaseDialect
{
    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(ConnectionString(options));

    // The clock of the moment, not of the transaction: a transaction may have waited for a lock.
    public override string Now => "(extract(epoch from clock_timestamp()) * 1000)::bigint";

    public override async Task<DbConnection> ConnectAsync(CancellationToken cancellationToken) =>
        await _source.OpenConnectionAsync(cancellationToken);

    public override bool IsFailure(Exception failure) => PostgresErrors.IsFailure(failure);

    public override string Describe(Exception failure) => PostgresErrors.Describe(failure);

    public override void Dispose() => _source.Dispose();

    private static string ConnectionString(LeaseOptions options)
    {
        var seconds = Math.Max(1, (int)options.CommandTimeout.TotalSeconds);
        return new NpgsqlConnectionStringBuilder(PostgresConnections.Settings(options.Address, "mall-leases", seconds))
        {
            Timeout = seconds,
            Pooling = false,
            CancellationTimeout = -1, // A server that does not answer a command does not answer its cancellation either.
            // Whoever died in the middle of a change must not keep the others from theirs.
            Options = $"-c idle_in_transaction_session_timeout={seconds * 1000} -c lock_timeout={seconds * 1000} "
                + "-c tcp_keepalives_idle=2 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3",
        }.ToString();
    }
}
