namespace Mall.Bench.Clusters;

/// <summary>
/// Looks into a mall's database on a server whether what was counted has happened, as <see cref="Hosting.StockBooks"/> does.
/// </summary>
static class ClusterBooks
{
    /// <summary>
    /// Throws unless for every product stock and what standing orders hold add up to what there was, and every saga has ended.
    /// </summary>
    /// <param name="server">The server.</param>
    /// <param name="database">The mall's, which has stopped.</param>
    /// <param name="initial">The stock of each product at the start.</param>
    /// <param name="acknowledged">How many orders were acknowledged at least.</param>
    /// <exception cref="BenchmarkException">Something was lost or doubled.</exception>
    public static async Task ExpectStockConservedAsync(
        BenchServer server, string database, long initial, long acknowledged, CancellationToken cancellationToken)
    {
        var wrong = await CountAsync(
            $"""
            products p where stock < 0 or stock + coalesce((
              select sum(i.quantity) from order_items i join orders o on o.id = i.order_id
              where i.product_id = p.id and o.status in (0, 1)), 0) <> {initial}
            """);
        if (wrong > 0)
            throw new BenchmarkException($"{database}: the stock of {wrong} products is not conserved");
        if (await CountAsync($"sagas where status not in ('succeed', 'failed')") is > 0 and var unended)
            throw new BenchmarkException($"{database}: {unended} sagas have not ended");
        var standing = await CountAsync($"orders where status = 0");
        if (standing < acknowledged)
            throw new BenchmarkException($"{database}: {acknowledged} orders were acknowledged, {standing} stand");

        Task<long> CountAsync(FormattableString rows) =>
            server.NumberAsync(database, $"select count(*) from {FormattableString.Invariant(rows)}", cancellationToken);
    }
}
