using System.Data.Common;
using Mall.Ledger.Leases;
using Mall.Ledger.Stores;

namespace Mall.Ledger.MySql;

/// <summary>Leases in MySQL or MariaDB. The two sessions have a thread each, since drivers may block.</summary>
internal sealed class MySqlLeases(LeaseOptions options) : LeaseDialect
{
    private readonly MySqlConnections _connections = new(options.Address, options.MySqlDriver, options.CommandTimeout);
    private readonly BlockingThreads _threads = new("mall-leases-mysql", 2);

    public override TaskScheduler Scheduler => _threads;

    // Not by unix_timestamp(now()): twice a year that is off by an hour where clocks are put back.
    public override string Now => "(timestampdiff(microsecond, '1970-01-01', utc_timestamp(6)) div 1000)";

    public override Task<DbConnection> ConnectAsync(CancellationToken cancellationToken) =>
        Task.FromResult(_connections.Open().Connection);

    public override bool IsFailure(Exception failure) => MySqlErrors.IsFailure(failure);

    public override string Describe(Exception failure) => MySqlErrors.Describe(failure);

    public override void Dispose() => _threads.Dispose();
}
