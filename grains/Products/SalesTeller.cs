namespace Mall.Products;

/// <summary>
/// Says, some seconds later, what has been sold where lists look for it: <c>products.sales</c> and <c>shops.sales</c>. An order
/// does not pay for that, and a hot product's row is written once more in a while, not once more a batch. Each product's step is
/// one commit that sets out from what was said before, so that the sums of a shop are those of its products, whoever else is at
/// it. It is due work: one silo does it at a time.
/// </summary>
internal sealed class SalesTeller(ILedger ledger, LedgerClock clock) : IDueHandler
{
    private const int IdsAStep = 2_000;

    /// <summary>The database is to be busy with it for a fiftieth of its time at most.</summary>
    private const int Rests = 50;

    private static readonly TimeSpan s_shortestRest = TimeSpan.FromSeconds(5);

    private static readonly Query<long> s_last = new("select coalesce(max(id), 0) from products", row => row.GetInt64(0));

    private static readonly Query<WriteSet> s_untold = new(
        "select id, shop_id, sales, sold from products where id > @p1 and id <= @p2 and sold <> sales",
        row => new WriteSet(
            ProductRows.TellSales(row.GetInt64(0), row.GetInt64(2), row.GetInt64(3)),
            ShopRows.Sell(row.GetInt64(1), row.GetInt64(3) - row.GetInt64(2))));

    /// <summary>Of the work; tests that look for what has been written pass over it.</summary>
    public const string KindOfWork = "products.sales";

    public string Kind => KindOfWork;

    public string? StandingKey => "all";

    public async Task HandleAsync(DueItem item, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        var last = (await ledger.QueryAsync(s_last, cancellationToken))[0];
        for (var after = 0L; after < last; after += IdsAStep)
        {
            var untold = await ledger.QueryAsync(s_untold, cancellationToken, after, after + IdsAStep);

            // A conflict: somebody else has said it meanwhile. The next round sees to what is left.
            await Task.WhenAll(untold.Select(writes => ledger.CommitAsync(writes)));
        }

        var rest = clock.GetElapsedTime(started) * Rests;
        var next = clock.GetUtcNow() + (rest > s_shortestRest ? rest : s_shortestRest);
        await ledger.CommitAsync(new WriteSet(DueWork.Reschedule(Kind, item.Key, next)));
    }
}
