using Mall.Databases;
using Mall.Ledger.Stores;

namespace Mall.Ledger.Tests;

/// <summary>Stores as these tests make them.</summary>
internal static class TestStores
{
    public static LedgerOptions OptionsFor(StoreAddress address) =>
        new() { Address = address, MySqlDriver = MySqlDriver.Factory, Random = new Random(1) };
}
