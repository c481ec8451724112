using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;

namespace Mall.Tests.Installations;

/// <summary>An order that was asked for, and what the mall finally said to it.</summary>
/// <param name="Items">Product and quantity.</param>
public sealed record Purchase(string Key, IReadOnlyList<(long ProductId, long Quantity)> Items, Answer Answer)
{
    /// <summary>When it was first asked for, as the machine counts.</summary>
    public long AskedAt { get; init; }

    /// <summary>When that was answered.</summary>
    public long AnsweredAt { get; } = Stopwatch.GetTimestamp();

    /// <summary>Whether the mall acknowledged it: from then on the order must stand whatever happens.</summary>
    public bool IsAcknowledged => Answer.Status == HttpStatusCode.Created;

    /// <summary>The acknowledged order's id.</summary>
    public long OrderId => Answer.Body.GetProperty("id").GetInt64();

    /// <summary>The acknowledged order's amount.</summary>
    public long Amount => Answer.Body.GetProperty("amount").GetInt64();

    /// <summary>The acknowledged order's status.</summary>
    public int Status => Answer.Body.GetProperty("status").GetInt32();
}

/// <summary>Somebody who orders one thing after the other, and repeats each under its key until there is an answer.</summary>
public sealed class Shopper : IDisposable
{
    private readonly Door _door;
    private readonly string _name;
    private readonly ConcurrentQueue<Purchase> _purchases = [];
    private readonly ConcurrentQueue<string> _misreadings = [];
    private int _orders;
    private readonly ConcurrentQueue<string> _troubles = [];

    private Shopper(Door door, string name) => (_door, _name) = (door, name);

    /// <summary>Everything that was answered.</summary>
    public IReadOnlyCollection<Purchase> Purchases => _purchases;

    /// <summary>Orders that were asked for and given up without an answer: they may stand, be void, or never have been.</summary>
    public int Abandoned { get; private set; }

    /// <summary>What came instead of an answer the last time that there was none.</summary>
    public string LastTrouble => $"{_name}-{_orders}: {_troubles.LastOrDefault("none")}";

    /// <summary>What came instead of an answer, each time that there was none.</summary>
    public IReadOnlyCollection<string> Troubles => _troubles;

    /// <summary>Orders that were read back and were not what had been acknowledged, a line each.</summary>
    public IReadOnlyCollection<string> Misreadings => _misreadings;

    /// <summary>How many orders were read back.</summary>
    public int Read { get; private set; }

    /// <summary>Registers some, each with an account and connections of their own.</summary>
    public static Task<IReadOnlyList<Shopper>> ArriveAsync(IPremises mall, int count, CancellationToken cancellationToken) =>
        ArriveAsync(mall, 1, count, cancellationToken);

    /// <summary>The same, where others have arrived before.</summary>
    /// <param name="mall">Where.</param>
    /// <param name="first">The number of the first of them.</param>
    /// <param name="count">How many.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<IReadOnlyList<Shopper>> ArriveAsync(
        IPremises mall, int first, int count, CancellationToken cancellationToken)
    {
        var shoppers = new List<Shopper>();
        for (var i = first; i < first + count; i++)
        {
            var mobile = (13_800_000_000 + i).ToString(CultureInfo.InvariantCulture);
            shoppers.Add(new Shopper(await Accounts.SignUpAsync(mall, mobile, cancellationToken), $"shopper-{i}"));
        }

        return shoppers;
    }

    /// <summary>
    /// Orders until the shop closes: one to three products, in any order, one or two pieces each. Reads every fourth back.
    /// </summary>
    /// <param name="closing">No new order after this; the last one is still seen through.</param>
    /// <param name="leaving">Walk away at once, from an unanswered order too.</param>
    public async Task ShopAsync(IReadOnlyList<long> products, Random random, CancellationToken closing, CancellationToken leaving)
    {
        try
        {
            while (!closing.IsCancellationRequested && !leaving.IsCancellationRequested)
            {
                var chosen = random.GetItems(products.ToArray(), random.Next(1, 4)).Distinct();
                var purchase = await OrderAsync([.. chosen.Select(id => (id, random.NextInt64(1, 3)))], leaving);
                if (purchase.IsAcknowledged && _orders % 4 == 0)
                    await ReadBackAsync(purchase, leaving);
            }
        }
        catch (OperationCanceledException) when (leaving.IsCancellationRequested)
        {
            Abandoned++;
        }
    }

    /// <summary>Places one order.</summary>
    /// <param name="items">Product and quantity, in this order.</param>
    public Task<Purchase> OrderAsync(IReadOnlyList<(long ProductId, long Quantity)> items, CancellationToken cancellationToken) =>
        OrderAsync($"{_name}-{Interlocked.Increment(ref _orders)}", items, cancellationToken);

    /// <summary>Asks once more for what was answered already; the mall must say the same.</summary>
    public Task<Purchase> AskAgainAsync(Purchase purchase, CancellationToken cancellationToken) =>
        OrderAsync(purchase.Key, purchase.Items, cancellationToken, keep: false);

    public void Dispose() => _door.Dispose();

    private void CountUnanswered(string what)
    {
        _troubles.Enqueue($"{DateTime.UtcNow:HH:mm:ss.fff} {_name}-{_orders}: {what}");
    }

    private async Task ReadBackAsync(Purchase purchase, CancellationToken cancellationToken)
    {
        var order = await _door.GetUntilAnsweredAsync(
            $"v1/orders/{purchase.OrderId}", cancellationToken, CountUnanswered);
        Read++;
        if (order.Status != HttpStatusCode.OK || order.Body.GetProperty("amount").GetInt64() != purchase.Amount
            || order.Body.GetProperty("status").GetInt32() != purchase.Status)
            _misreadings.Enqueue(
                $"{purchase.Key} was acknowledged as {purchase.Answer.Body}, and read as {order.Status} {order.Body}");
    }

    private async Task<Purchase> OrderAsync(
        string key, IReadOnlyList<(long ProductId, long Quantity)> items, CancellationToken cancellationToken, bool keep = true)
    {
        var body = new { items = items.Select(i => new { productId = i.ProductId, quantity = i.Quantity }) };
        var askedAt = Stopwatch.GetTimestamp();
        var answer = await _door.PostUntilAnsweredAsync(
            "v1/orders", body, key, cancellationToken, CountUnanswered);
        var purchase = new Purchase(key, items, answer) { AskedAt = askedAt };
        if (keep)
            _purchases.Enqueue(purchase);
        return purchase;
    }
}
