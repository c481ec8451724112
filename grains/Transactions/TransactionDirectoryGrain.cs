using System.Text.Json;

namespace Mall.Transactions;

/// <summary>Reads transactions for clients and operators. Reentrant: it keeps nothing between its awaits.</summary>
[StatelessWorker, Reentrant]
public sealed class TransactionDirectoryGrain(GrainLedger ledger, TransactionSettings settings, LedgerClock clock)
    : Grain, ITransactionDirectoryGrain
{
    // Rows carry payloads, which may be large: so many are read at a time, and no more when they come to so much.
    private const int RowsAtOnce = 100;
    private const int MostCharacters = 4 * 1024 * 1024;

    // Nothing is older or younger than what a database can hold.
    private static readonly DateTimeOffset s_never = DateTimeOffset.FromUnixTimeMilliseconds(253_402_300_799_999);

    public async Task<TransactionView?> Find(string gid) => (await Transaction.ReadAsync(ledger, gid))?.View(settings);

    public async Task<ListPage<TransactionView>> List(ListTransactions query)
    {
        var place = query.After ?? ListPlace.End;
        if (TransactionRows.Page(query.Type, query.Status) is not { } page) return new([], null, place);
        var settled = await ledger.SettledAsync();
        var (rows, last) = (new List<TransactionRecord>(), place);
        IReadOnlyList<TransactionRecord> read;
        do
        {
            read = await ledger.QueryAsync(
                page, last.Position, last.Key, settled, query.CreatedFrom ?? DateTimeOffset.UnixEpoch,
                query.CreatedUntil ?? s_never, Math.Min(query.Limit + 1 - rows.Count, RowsAtOnce));
            rows.AddRange(read);
            if (read.Count > 0) last = PlaceOf(read[^1]);
        }
        while (read.Count == RowsAtOnce && rows.Count <= query.Limit && rows.Sum(row => row.Payload.Length) < MostCharacters);

        // With a full page, or where it was enough, the last row is only the sign that there are more.
        var limit = read.Count == RowsAtOnce ? Math.Min(query.Limit, rows.Count - 1) : query.Limit;
        return ListPages.Of(rows, limit, place, View, PlaceOf);
    }

    private static ListPlace PlaceOf(TransactionRecord row) => new(row.Position, row.Gid);

    public async Task<Woken> Wake(TimeSpan wait, int limit)
    {
        var gids = await ledger.QueryAsync(TransactionRows.Waiting, clock.GetUtcNow() + wait, limit + 1);
        await Task.WhenAll(gids.Take(limit).Select(gid => GrainFactory.GetGrain<IGlobalTransactionGrain>(gid).Retry()));
        return new Woken(Math.Min(gids.Count, limit), gids.Count > limit);
    }

    /// <summary>One that cannot be read is shown without what its client wants, so that it hides none of the others.</summary>
    private TransactionView View(TransactionRecord row)
    {
        TransactionIntent intent;
        try
        {
            intent = Transaction.IntentOf(row.Payload);
        }
        catch (Exception e) when (e is JsonException or InvalidDataException)
        {
            intent = new TransactionIntent(
                row.Kind, Steps: [], QueryPrepared: "", Protocol: "", CustomData: "", Name: "", Data: [], IsConcurrent: false,
                Delay: default, new TransactionOptions(null, null, null, 0, ImmutableDictionary<string, string>.Empty));
        }

        return new Transaction(row, intent, []).View(settings) with { Branches = [] };
    }
}
