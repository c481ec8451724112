using Mall.Ledger.Stores;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mall.Ledger.Tests;

/// <summary>Stores as these tests make them.</summary>
internal static class TestStores
{
    public static LedgerOptions OptionsFor(StoreAddress address) =>
        new() { Address = address, Random = new Random(1) };

    /// <param name="time">Null: the system's.</param>
    public static DurableLedger LedgerOn(IStore store, LedgerOptions options, TimeProvider? time = null) => new(
        store, options, new LedgerClock(time ?? TimeProvider.System), new LedgerMetrics(), NullLogger<DurableLedger>.Instance);
}
