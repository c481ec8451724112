using Mall.Databases;
using Mall.Ledger.Leases;
using Mall.Ledger.Stores;

namespace Mall.Ledger.Tests;

/// <summary>Stores and leases as these tests make them.</summary>
internal static class TestStores
{
    public static LedgerOptions OptionsFor(StoreAddress address) =>
        new() { Address = address, MySqlDriver = MySqlDriver.Factory, Random = new Random(1) };

    public static ILeaseTable LeasesAt(StoreAddress address) =>
        LedgerServices.LeasesAt(new LeaseOptions { Address = address, MySqlDriver = MySqlDriver.Factory });
}
