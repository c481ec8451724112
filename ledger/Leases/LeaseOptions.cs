using Mall.Ledger.Stores;

namespace Mall.Ledger.Leases;

/// <summary>How the table of leases is reached.</summary>
public sealed class LeaseOptions
{
    /// <summary>Which database: the ledger's.</summary>
    public required StoreAddress Address { get; init; }

    /// <summary>
    /// How long an operation may take before it fails; at least a second, and far less than a lease, so that a renewal can be
    /// tried again before the lease has run out. Default: 2 s, for leases of 6 s.
    /// </summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <inheritdoc cref="LedgerOptions.MySqlDriver"/>
    public System.Data.Common.DbProviderFactory? MySqlDriver { get; init; }
}
