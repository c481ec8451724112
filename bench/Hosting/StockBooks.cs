using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Mall.Bench.Hosting;

/// <summary>Looks into a database file whether what was counted has happened: a figure for work that was lost is none.</summary>
static class StockBooks
{
    /// <summary>Throws unless as many pieces are gone as the barrier knows of, under gids <c>order-...</c>.</summary>
    /// <param name="file">The database; it may be open elsewhere.</param>
    /// <param name="productId">The only product that anything was taken of.</param>
    /// <param name="initial">Its stock at the start.</param>
    /// <param name="acknowledged">How many pieces were acknowledged at least.</param>
    public static void ExpectEveryPieceAccountedFor(string file, long productId, long initial, long acknowledged)
    {
        var taken = initial - Number(file, $"select stock from products where id = {productId}");
        var known = Number(file, $"select count(*) from barrier where gid like 'order-%' and reason = 'action'");
        if (taken != known || taken < acknowledged)
            throw new BenchmarkException($"{file}: {acknowledged} acknowledged, {taken} gone, {known} known to the barrier");
    }

    /// <summary>
    /// Throws unless for every product stock and what standing orders hold add up to what there was, and every saga has ended.
    /// </summary>
    /// <param name="initial">The stock of each product at the start.</param>
    /// <param name="acknowledged">How many orders were acknowledged at least.</param>
    public static void ExpectStockConserved(string file, long initial, long acknowledged)
    {
        var wrong = Number(
            file,
            $"""
            select count(*) from products p where stock < 0 or stock + coalesce((
              select sum(i.quantity) from order_items i join orders o on o.id = i.order_id
              where i.product_id = p.id and o.status in (0, 1)), 0) <> {initial}
            """);
        if (wrong > 0)
            throw new BenchmarkException($"{file}: the stock of {wrong} products is not conserved");
        var unended = Number(file, $"select count(*) from sagas where status not in ('succeed', 'failed')");
        if (unended > 0)
            throw new BenchmarkException($"{file}: {unended} sagas have not ended");
        var standing = Number(file, $"select count(*) from orders where status = 0");
        if (standing < acknowledged)
            throw new BenchmarkException($"{file}: {acknowledged} orders were acknowledged, {standing} stand");
    }

    static long Number(string file, FormattableString sql)
    {
        using var connection = new SqliteConnection($"Data Source={file};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = FormattableString.Invariant(sql);
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }
}
