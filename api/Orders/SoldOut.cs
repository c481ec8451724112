using System.Collections.Concurrent;

namespace Mall.Api.Orders;

/// <summary>
/// Products that the last orders did not get. Whoever wants one of these joins its line, and few of the line at a time ask the
/// product: to refuse thousands a second would leave no processor to those who buy something else. Once somebody gets a piece,
/// the line is no more. It is this front door's own, in memory, and decides nothing: the product does.
/// </summary>
internal sealed class SoldOut
{
    /// <summary>Enough for the product's commits to be shared, and not so many that others wait behind them.</summary>
    internal const int AtATime = 8;

    /// <summary>Who finds so many in line goes past it: a database that is slow is to be asked for many at once.</summary>
    internal const int MostInLine = 256;

    private const int MostProducts = 10_000;

    private readonly ConcurrentDictionary<long, ConcurrencyLimiter> _lines = [];

    /// <summary>Waits in the product's line, if there is one.</summary>
    /// <returns>To be disposed of when the product has answered; null: there is no line.</returns>
    public ValueTask<RateLimitLease?> EnterAsync(long product) =>
        _lines.TryGetValue(product, out var line) ? JoinAsync(line) : default;

    /// <summary>Notes what came of an order for it.</summary>
    public void Note(long product, Result<OrderView> order)
    {
        if (order.Refusal?.Code == ErrorCodes.NotEnoughStock)
        {
            if (_lines.ContainsKey(product)) return;
            if (_lines.Count >= MostProducts) _lines.Clear();
            _lines.TryAdd(product, new ConcurrencyLimiter(new() { PermitLimit = AtATime, QueueLimit = MostInLine }));
        }
        else if (!order.IsRefused && _lines.ContainsKey(product))
        {
            _lines.TryRemove(product, out _); // Those in it still get their turns.
        }
    }

    private static async ValueTask<RateLimitLease?> JoinAsync(ConcurrencyLimiter line) => await line.AcquireAsync();
}
