using Mall.Ledger;

namespace Mall.Simulation;

/// <summary>
/// Replays what sellers were told about their stock, and compares the sum with the rows: what a product was made with, and every
/// adjustment that was acknowledged, once a key, is what is on hand or sold now. One without an answer may have happened, once.
/// </summary>
public sealed class StockModel(SimulatedDatabase database, Journal journal)
{
    private static readonly Query<(long Id, long Initial, long Now)> s_products = new(
        "select p.id, (select s.stock + s.sold from seen_products s where s.id = p.id limit 1), p.stock + p.sold from products p",
        row => (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)));

    public IEnumerable<Finding> After()
    {
        var happened = database.Read(new Query<string>(
            "select i.user_id || ' ' || i.key from idempotency i where i.kind = 'stock'", row => row.GetString(0))).ToHashSet();
        var asked = journal.Entries.Where(e => e.What is AdjustmentAsked).ToArray();
        var adjustments = asked.ToLookup(e => ((AdjustmentAsked)e.What).ProductId);
        foreach (var (id, initial, now) in database.Read(s_products))
        {
            var sums = new HashSet<long> { initial };
            foreach (var one in adjustments[id].GroupBy(e => e.What.Key ?? $"request {e.Number}"))
            {
                var deltas = MayHaveHappened(one, happened.Contains(one.Key)).ToArray();
                sums = [.. from sum in sums from delta in deltas select sum + delta];
            }

            if (!sums.Contains(now))
            {
                yield return new(
                    Invariant.StockConserved, $"product {id}",
                    $"{now} are on hand or sold, and what was acknowledged comes to {string.Join(" or ", sums.Order().Take(5))}");
            }
        }

        foreach (var entry in asked.Where(e => e is { What.Key: not null, Answer: { Code: null } }))
        {
            if (!happened.Contains(entry.What.Key!))
                yield return new(
                    Invariant.NothingLost, entry.What.Key!, $"{entry} was answered {entry.Answer}, and its key is unknown");
        }
    }

    private static IEnumerable<long> MayHaveHappened(IEnumerable<Entry> adjustment, bool isKnown)
    {
        var entries = adjustment.ToArray();
        if (Array.Find(entries, e => e.Answer is { Code: null }) is { } acknowledged) return [Delta(acknowledged)];
        if (isKnown) return entries.Select(Delta).Distinct();
        return entries[0].What.Key is null && entries[0].Answer is null ? [0, Delta(entries[0])] : [0];
    }

    private static long Delta(Entry entry) => ((AdjustmentAsked)entry.What).Delta;
}
