namespace Mall.Simulation;

/// <summary>
/// What clients were told, against the rows: every acknowledged order, product, user and adjustment is there once, as
/// acknowledged; nothing is there that nobody asked for; a key means the same thing for ever. When all has come to rest.
/// </summary>
public sealed class AnswerOracle(SimulatedDatabase database, Journal journal)
{
    private sealed record OrderRow(string Gid, long Id, long UserId, long Amount, long Status, string Items);

    private readonly Dictionary<string, OrderRow> _orders = database.Read(new Query<OrderRow>(
        """
        select gid, id, user_id, amount, status, (
          select group_concat(product_id || ':' || quantity || ':' || price, ' ' order by product_id)
          from order_items i where i.order_id = o.id) from orders o
        """,
        row => new(row.GetString(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), $"{row.GetValue(5)}")))
        .ToDictionary(order => order.Gid);

    public IEnumerable<Finding> After() =>
        [.. OrdersAcknowledged(), .. OrdersThatStand(), .. ProductsAndUsers(), .. Stock(), .. Keys()];

    private ILookup<string, (Entry Entry, OrderAsked Asked)> Orders { get; } = (
        from entry in journal.Entries where entry.What is OrderAsked select (entry, Asked: (OrderAsked)entry.What))
        .ToLookup(order => order.Asked.Gid);

    private IEnumerable<Finding> OrdersAcknowledged() =>
        from entry in Orders.SelectMany(orders => orders.Select(o => o.Entry)).Where(entry => entry.Answer is { Code: null })
        let gid = ((OrderAsked)entry.What).Gid
        let row = _orders.GetValueOrDefault(gid)
        where row is null || (entry.Answer!.Value is OrderView order && (row.Status == OrderStatus.Void || !Agree(order, row)))
        select new Finding(Invariant.NothingLost, gid, $"{entry} was answered {entry.Answer}, and the row is {row}");

    /// <summary>Of whoever asked for it, nobody was refused for good; and somebody did.</summary>
    private IEnumerable<Finding> OrdersThatStand() =>
        from row in _orders.Values
        let mine = Orders[row.Gid].Where(order => IsOf(order.Asked, row)).Select(order => order.Entry).ToArray()
        let final = mine.FirstOrDefault(e => e.Answer?.Code is ErrorCodes.NotEnoughStock or ErrorCodes.SagaStatusForbids)
        let refused = final ?? (mine.All(e => e.Answer?.Code is not null) ? mine.FirstOrDefault() : null)
        where mine.Length == 0 || (refused is not null && row.Status != OrderStatus.Void)
        select new Finding(Invariant.NothingTwice, row.Gid, mine.Length == 0
            ? $"nobody asked for {row}" : $"{refused} was answered {refused!.Answer}, and the order stands: {row}");

    private IEnumerable<Finding> ProductsAndUsers()
    {
        var born = database.Read(new Query<(long Id, string Name, long Stock)>(
            "select p.id, p.name, (select s.stock from seen_products s where s.id = p.id limit 1) from products p",
            row => (row.GetInt64(0), row.GetString(1), row.GetInt64(2)))).ToLookup(p => p.Name);
        var users = database.Read(new Query<(string, long)>(
            "select mobile, id from users", row => (row.GetString(0), row.GetInt64(1)))).ToDictionary();
        var asked = journal.Entries.Select(e => e.What).OfType<ProductAsked>().Select(p => p.Name).ToHashSet();
        foreach (var (name, count) in born.Select(p => (p.Key, asked.Contains(p.Key) ? p.Count() : 0)).Where(p => p.Item2 != 1))
            yield return new(Invariant.NothingTwice, name, count == 0 ? "nobody asked for it" : $"it is there {count} times");
        foreach (var entry in journal.Entries)
        {
            var isThere = (entry.What, entry.Answer?.Value) switch
            {
                (ProductAsked what, ProductView view) => born[what.Name].Any(p => p.Id == view.Id && p.Stock == what.Stock),
                (RegistrationAsked what, UserView view) => users.GetValueOrDefault(what.Mobile) == view.Id,
                _ => true,
            };
            if (!isThere)
                yield return new(Invariant.NothingLost, entry.What.Body, $"{entry} was answered {entry.Answer}, and is not so");
        }
    }

    /// <summary>
    /// Replays what sellers were told: what a product was made with, and every adjustment that was acknowledged, once a key, is
    /// what is on hand or sold now. One without an answer may have happened, once.
    /// </summary>
    private IEnumerable<Finding> Stock()
    {
        var happened = database.Read(new Query<string>(
            "select i.user_id || ' ' || i.key from idempotency i where i.kind = 'stock'", row => row.GetString(0))).ToHashSet();
        var adjustments = (from entry in journal.Entries where entry.What is AdjustmentAsked select entry)
            .ToLookup(entry => entry.What.Key ?? $"request {entry.Number}");
        foreach (var one in adjustments.Where(one => !happened.Contains(one.Key)))
            if (one.FirstOrDefault(e => e is { What.Key: not null, Answer: { Code: null } }) is { } lost)
                yield return new(Invariant.NothingLost, one.Key, $"{lost} was answered {lost.Answer}, and its key is unknown");

        var byProduct = adjustments.SelectMany(one => one.Select(Product).Distinct().Select(product => (product, one)))
            .ToLookup(a => a.product, a => a.one.Where(e => Product(e) == a.product).ToArray());
        foreach (var (id, initial, now) in database.Read(new Query<(long, long, long)>(
            "select id, (select stock + sold from seen_products s where s.id = p.id limit 1), stock + sold from products p",
            row => (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2)))))
        {
            var sums = byProduct[id].Aggregate(new HashSet<long> { initial }, (sums, one) =>
                [.. from sum in sums from delta in MayHaveHappened(one, happened) select sum + delta]);
            if (!sums.Contains(now))
                yield return new(Invariant.StockConserved, $"product {id}",
                    $"{now} are on hand or sold, and what was acknowledged comes to {string.Join(" or ", sums.Order().Take(5))}");
        }

        static long Product(Entry entry) => ((AdjustmentAsked)entry.What).ProductId;
    }

    private static IEnumerable<long> MayHaveHappened(Entry[] adjustment, HashSet<string> happened)
    {
        var deltas = adjustment.Select(entry => ((AdjustmentAsked)entry.What).Delta);
        if (Array.FindIndex(adjustment, entry => entry.Answer is { Code: null }) is >= 0 and var i) return [deltas.ElementAt(i)];
        if (adjustment[0].What.Key is { } key) return happened.Contains(key) ? deltas.Distinct() : [0];
        return adjustment[0].Answer is null ? [0, deltas.First()] : [0];
    }

    /// <summary>
    /// Once an answer binds (a success; the refusal of a saga that had begun), whoever asks later gets it, or is refused for
    /// another body. Whoever asks at the same time may be refused, but of two successes both are the same.
    /// </summary>
    private IEnumerable<Finding> Keys()
    {
        var begun = database.Read(new Query<(string, long)>(
            "select gid, min(at) from seen_sagas group by gid", row => (row.GetString(0), row.GetInt64(1)))).ToDictionary();
        return
            from entries in journal.Entries.Where(e => e is { What.Key: not null, Answer: not null }).GroupBy(e => e.What.Key!)
            let first = entries.Where(Binds).MinBy(e => e.AnsweredAt)
            where first is not null
            from later in entries.Where(e => e != first && (e.At >= first.AnsweredAt || Binds(e)))
            where later.What.Body == first.What.Body ? Differs(first, later) : later.Answer!.Code != ErrorCodes.KeyReused
            select new Finding(
                Invariant.KeyForEver, entries.Key, $"{first} was answered {first.Answer}, and {later} {later.Answer}");

        bool Binds(Entry entry) => entry.Answer!.Code is null
            || (entry.Answer.Code != ErrorCodes.KeyReused
                && (entry.Answer.Code == ErrorCodes.NotEnoughStock && entry.What is OrderAsked
                    || begun.TryGetValue(entry.What.Key!, out var at) && entry.At.UtcTicks > at));
    }

    /// <summary>Who does not wait for the end is told of none.</summary>
    private static bool Differs(Entry one, Entry other) =>
        one.What is OrderAsked { Wait: false } || other.What is OrderAsked { Wait: false }
            ? other.Answer!.Code == ErrorCodes.KeyReused
            : (one.Answer!.Code, one.Answer.Text) != (other.Answer!.Code, other.Answer.Text);

    private static bool Agree(OrderView order, OrderRow row) =>
        (order.Id, order.UserId, order.Amount) == (row.Id, row.UserId, row.Amount) && row.Items
            == string.Join(' ', order.Items.OrderBy(i => i.ProductId).Select(i => $"{i.ProductId}:{i.Quantity}:{i.Price}"));

    private static bool IsOf(OrderAsked asked, OrderRow row) =>
        asked.UserId == row.UserId && asked.Lines.Length == row.Items.Split(' ').Length
        && asked.Lines.All(l => $" {row.Items}".Contains($" {l.ProductId}:{l.Quantity}:", StringComparison.Ordinal));
}
