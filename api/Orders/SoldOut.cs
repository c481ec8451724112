using System.Collections.Concurrent;

namespace Mall.Api.Orders;

/// <summary>
/// Products that the last orders did not get. Whoever wants one of these joins its line, and few of the line at a time ask the
/// product: to refuse thousands a second would leave no processor to those who buy something else. Once somebody gets a piece,
/// the line is no more. It is this front door's own, in memory, and decides nothing: the product does.
/// See docs/decisions/0017.
/// </summary>
internal sealed class SoldOut(TimeProvider time)
{
    /// <summary>Enough for the product's commits to be shared, and not so many that others wait behind them.</summary>
    internal const int AtATime = 8;

    /// <summary>
    /// Whoever has stood in line for so long goes straight on: what takes its time is a database, or a silo that is lost, and
    /// not the processors. Soon enough for an answer before the call is overdue.
    /// </summary>
    internal static readonly TimeSpan LongestWait = Patience.Overdue / 2;

    private const int MostProducts = 10_000;

    private readonly ConcurrentDictionary<long, ConcurrencyLimiter> _lines = [];

    /// <summary>Asks at once, or in turn if the product has a line.</summary>
    /// <exception cref="OperationCanceledException">The client has gone while it stood in line: nothing was asked.</exception>
    public Task<T> Ask<T>(long product, Func<Task<T>> ask, CancellationToken clientGone) =>
        _lines.TryGetValue(product, out var line) ? AskInTurn(line, ask, clientGone) : ask();

    /// <summary>Notes what came of an order for it.</summary>
    public void Note(long product, Result<OrderView> order)
    {
        if (order.Refusal?.Code == ErrorCodes.NotEnoughStock)
        {
            if (_lines.ContainsKey(product)) return;
            if (_lines.Count >= MostProducts) _lines.Clear();
            _lines.TryAdd(product, new ConcurrencyLimiter(new() { PermitLimit = AtATime, QueueLimit = int.MaxValue }));
        }
        else if (!order.IsRefused && _lines.ContainsKey(product))
        {
            _lines.TryRemove(product, out _); // Those in it still get their turns.
        }
    }

    private async Task<T> AskInTurn<T>(ConcurrencyLimiter line, Func<Task<T>> ask, CancellationToken clientGone)
    {
        using var wait = new CancellationTokenSource(LongestWait, time);
        using var left = CancellationTokenSource.CreateLinkedTokenSource(wait.Token, clientGone);
        RateLimitLease? turn = null;
        try
        {
            turn = await line.AcquireAsync(1, left.Token);
        }
        catch (OperationCanceledException) when (!clientGone.IsCancellationRequested)
        {
            // It has waited for long enough.
        }

        using (turn) return await ask();
    }
}
