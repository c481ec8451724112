using System.Data.Common;
using Mall.Ledger.Leases;
using Microsoft.Data.Sqlite;

namespace Mall.Ledger.Sqlite;

/// <summary>Leases in an SQLite file: there is no cluster on one, but the contract of leases is tested on it, too.</summary>
internal sealed class SqliteLeases(LeaseOptions options) : LeaseDialect
{
    public override string Now =>
        "(cast(strftime('%s', 'now') as integer) * 1000 + cast(substr(strftime('%f', 'now'), 4, 3) as integer))";

    public override Task<DbConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = options.Address.Path,
            Mode = SqliteOpenMode.ReadWrite,
            Pooling = false,
            DefaultTimeout = Math.Max(1, (int)options.CommandTimeout.TotalSeconds),
        }.ToString());
        connection.Open();
        return Task.FromResult<DbConnection>(connection);
    }

    public override bool IsFailure(Exception failure) => failure is SqliteException;

    public override string Describe(Exception failure) => failure is SqliteException e
        ? SqliteErrors.Describe(e.SqliteExtendedErrorCode, e.Message)
        : failure.Message;

    public override void Dispose()
    {
        // Sessions are not pooled, so there is nothing else.
    }
}
