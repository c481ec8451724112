using Mall.Ledger.Stores;

namespace Mall.Ledger.Tests;

/// <summary>Stores as these tests make them.</summary>
internal static class TestStores
{
    public static LedgerOptions OptionsFor(StoreAddress address) =>
        new() { Address = address, Random = new Random(1) };
}
