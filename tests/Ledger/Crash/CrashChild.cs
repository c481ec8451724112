using System.Text;
using Mall.Ledger.Sqlite;
using Mall.Ledger.Stores;
using static Mall.Ledger.Tests.TestTables;

namespace Mall.Ledger.Tests;

/// <summary>
/// Commits from several clients until it is killed, and writes each key to its output once its commit was acknowledged.
/// </summary>
internal static class CrashChild
{
    public const string Argument = "crash-child";
    public const long Stock = 1_000_000;
    private const int Clients = 16;

    public static async Task<int> RunAsync(string path, string run)
    {
        await using var ledger = TestStores.LedgerOn(
            new SqliteStore(StoreAddress.Parse($"sqlite:{path}"), TimeProvider.System),
            new LedgerOptions { MaxBatchWriteSets = 7 });
        await ledger.OpenAsync();
        await ledger.CommitAsync(new WriteSet(Product(1, Stock))); // A conflict when an earlier run has done it.
        using var output = Console.OpenStandardOutput();
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(client => CommitForEverAsync(ledger, output, $"{run}-{client}")));
        return 0;
    }

    private static async Task CommitForEverAsync(DurableLedger ledger, Stream output, string client)
    {
        for (var i = 0; ; i++)
        {
            var key = $"{client}-{i}";
            var outcome = await ledger.CommitAsync(new WriteSet(Action(key), Take(1, 1), Setting(key, "half of a write set")));
            if (outcome != CommitOutcome.Applied) throw new InvalidOperationException($"{key}: {outcome}");
            var line = Encoding.ASCII.GetBytes(key + "\n");
            lock (output) output.Write(line); // Straight to the pipe: what is written outlives the process.
        }
    }
}
