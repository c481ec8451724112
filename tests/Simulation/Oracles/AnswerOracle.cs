using System.Collections.Immutable;
using Mall.Ledger;
using Mall.Orders;
using Mall.Products;
using Mall.Users;

namespace Mall.Simulation;

/// <summary>
/// What clients were told, against the rows: every acknowledged order, product and user is there once, as acknowledged; nothing
/// is there that nobody asked for; a key means the same thing for ever. When all has come to rest.
/// </summary>
public sealed class AnswerOracle(SimulatedDatabase database, Journal journal)
{
    private sealed record OrderRow(long Id, string Gid, long UserId, long Amount, int Status, string Items);

    private static readonly Query<OrderRow> s_orders = new(
        """
        select o.id, o.gid, o.user_id, o.amount, o.status,
          (select group_concat(product_id || ':' || quantity || ':' || price, ' ' order by product_id)
           from order_items i where i.order_id = o.id)
        from orders o
        """,
        row => new OrderRow(
            row.GetInt64(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3), row.GetInt32(4),
            row.IsDBNull(5) ? "" : row.GetString(5)));

    private readonly Dictionary<string, OrderRow> _orders = database.Read(s_orders).ToDictionary(o => o.Gid);

    public IEnumerable<Finding> After() =>
        [.. OrdersAcknowledged(), .. OrdersRefused(), .. OrdersNobodyAskedFor(), .. ProductsAndUsers(), .. Keys()];

    private IEnumerable<(Entry Entry, OrderAsked Asked)> Orders =>
        from entry in journal.Entries where entry.What is OrderAsked select (entry, (OrderAsked)entry.What);

    private IEnumerable<Finding> OrdersAcknowledged()
    {
        foreach (var (entry, asked) in Orders.Where(o => o.Entry.Answer is { Code: null }))
        {
            if (_orders.GetValueOrDefault(asked.Gid) is not { } row)
                yield return new(Invariant.NothingLost, asked.Gid, $"{entry} was answered {entry.Answer}, and there is no order");
            else if (entry.Answer!.Value is OrderView order && (row.Status == OrderStatus.Void || !Agree(order, row)))
                yield return new(Invariant.NothingLost, asked.Gid, $"{entry} was answered {entry.Answer}, and the row is {row}");
        }
    }

    private IEnumerable<Finding> OrdersRefused() =>
        from orders in Orders.GroupBy(o => o.Asked.Gid)
        let row = _orders.GetValueOrDefault(orders.Key)
        where row is not null && row.Status != OrderStatus.Void
        let mine = orders.Where(o => IsOf(o.Asked, row)).ToArray()
        let final = mine.FirstOrDefault(o => o.Entry.Answer?.Code is ErrorCodes.NotEnoughStock or ErrorCodes.SagaStatusForbids)
        let refused = final.Entry ?? (mine.Length > 0 && mine.All(o => o.Entry.Answer?.Code is not null) ? mine[0].Entry : null)
        where refused is not null
        select new Finding(
            Invariant.NothingTwice, row.Gid, $"{refused} was answered {refused.Answer}, and the order stands: {row}");

    private IEnumerable<Finding> OrdersNobodyAskedFor()
    {
        var asked = Orders.ToLookup(o => o.Asked.Gid, o => o.Asked);
        return from row in _orders.Values
            where !asked[row.Gid].Any(order => IsOf(order, row))
            select new Finding(Invariant.NothingTwice, row.Gid, $"nobody asked for {row}");
    }

    private IEnumerable<Finding> ProductsAndUsers()
    {
        var born = database.Read(new Query<(long Id, string Name, long Stock)>(
            "select p.id, p.name, (select s.stock from seen_products s where s.id = p.id limit 1) from products p",
            row => (row.GetInt64(0), row.GetString(1), row.GetInt64(2)))).ToLookup(p => p.Name);
        var users = database.Read(new Query<(long Id, string Mobile)>(
            "select id, mobile from users", row => (row.GetInt64(0), row.GetString(1)))).ToDictionary(u => u.Mobile);
        foreach (var entry in journal.Entries)
        {
            if (entry.What is ProductAsked { Key: not null } asked && born[asked.Name].Skip(1).Any())
                yield return new(Invariant.NothingTwice, asked.Name, $"{entry} made {born[asked.Name].Count()} products");
            if (entry is { What: ProductAsked product, Answer.Value: ProductView view }
                && !born[product.Name].Any(p => p.Id == view.Id && p.Stock == product.Stock))
                yield return Missing($"product {view.Id}", entry);
            if (entry is { What: RegistrationAsked user, Answer.Value: UserView registered }
                && users.GetValueOrDefault(user.Mobile).Id != registered.Id)
                yield return Missing($"user {registered.Id}", entry);
        }

        var names = journal.Entries.Select(e => e.What).OfType<ProductAsked>().Select(p => p.Name).ToHashSet();
        foreach (var product in born.SelectMany(p => p).Where(p => !names.Contains(p.Name)))
            yield return new(Invariant.NothingTwice, $"product {product.Id}", "nobody asked for it");
    }

    /// <summary>
    /// Once an answer binds (a success; the refusal of a saga that had begun), whoever asks later gets it, or is refused for
    /// another body. Whoever asks at the same time may be refused, but of two successes both are the same.
    /// </summary>
    private IEnumerable<Finding> Keys()
    {
        var begun = database.Read(new Query<(string Gid, long At)>(
            "select gid, min(at) from seen_sagas group by gid", row => (row.GetString(0), row.GetInt64(1))))
            .ToDictionary(s => s.Gid, s => s.At);
        var answered = journal.Entries.Where(e => e is { What.Key: not null, Answer: not null });
        foreach (var entries in answered.GroupBy(e => e.What.Key!))
        {
            if (entries.Where(Binds).MinBy(e => e.AnsweredAt) is not { } first) continue;
            foreach (var later in entries.Where(e => e != first && (e.At >= first.AnsweredAt || Binds(e))))
            {
                var isSame = later.What.Body == first.What.Body;
                if (isSame ? Differs(first, later) : later.Answer!.Code != ErrorCodes.KeyReused)
                    yield return new(
                        Invariant.KeyForEver, entries.Key, $"{first} was answered {first.Answer}, and {later} {later.Answer}");
            }

            bool Binds(Entry entry) => entry.Answer!.Code is null
                || (entry.Answer.Code != ErrorCodes.KeyReused
                    && (entry.Answer.Code == ErrorCodes.NotEnoughStock && entry.What is OrderAsked
                        || begun.TryGetValue(entries.Key, out var at) && entry.At.UtcTicks > at));
        }
    }

    private static Finding Missing(string subject, Entry entry) =>
        new(Invariant.NothingLost, subject, $"{entry} was answered {entry.Answer}, and no such row is there");

    /// <summary>Who does not wait for the end is told of none.</summary>
    private static bool Differs(Entry one, Entry other) =>
        one.What is OrderAsked { Wait: false } || other.What is OrderAsked { Wait: false }
            ? other.Answer!.Code == ErrorCodes.KeyReused
            : (one.Answer!.Code, one.Answer.Text) != (other.Answer!.Code, other.Answer.Text);

    private static bool Agree(OrderView order, OrderRow row) =>
        (order.Id, order.UserId, order.Amount) == (row.Id, row.UserId, row.Amount)
        && string.Join(' ', order.Items.OrderBy(i => i.ProductId).Select(i => $"{i.ProductId}:{i.Quantity}:{i.Price}"))
            == row.Items;

    private static bool IsOf(OrderAsked asked, OrderRow row) =>
        asked.UserId == row.UserId && asked.Lines.Length == row.Items.Split(' ').Length
        && asked.Lines.All(l => $" {row.Items}".Contains($" {l.ProductId}:{l.Quantity}:", StringComparison.Ordinal));
}
