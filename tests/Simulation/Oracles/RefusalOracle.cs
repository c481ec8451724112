using System.Globalization;
using System.Text.RegularExpressions;
using Mall.Ledger;

namespace Mall.Simulation;

/// <summary>
/// A refusal is a claim about the mall: it must have been true at some moment between the request (the first, if it was repeated)
/// and the answer.
/// </summary>
public sealed partial class RefusalOracle(SimulatedDatabase database, Journal journal, Reservations reservations)
{
    private readonly ILookup<long, (long Stock, int Status, DateTimeOffset At)> _products = database.Read(
        new Query<(long Id, long Stock, int Status, DateTimeOffset At)>(
            "select id, stock, status, at from seen_products order by rowid",
            row => (row.GetInt64(0), row.GetInt64(1), row.GetInt32(2), new DateTimeOffset(row.GetInt64(3), TimeSpan.Zero))))
        .ToLookup(p => p.Id, p => (p.Stock, p.Status, p.At));

    private readonly IReadOnlyList<(long Id, string Mobile, bool IsThere, DateTimeOffset At)> _users = database.Read(
        new Query<(long, string, bool, DateTimeOffset)>(
            "select id, mobile, is_there, at from seen_users order by rowid",
            row => (
                row.GetInt64(0), row.GetString(1), row.GetInt64(2) == 1, new DateTimeOffset(row.GetInt64(3), TimeSpan.Zero))));

    private readonly HashSet<string> _acted = [.. database.Read(new Query<string>(
        "select 'Branch ' || branch_id || ' of ' || gid from barrier where op = 'action' and reason = 'action'",
        row => row.GetString(0)))];

    [GeneratedRegex(@"(?:product|user) (\d+)", RegexOptions.IgnoreCase)]
    private static partial Regex Whose { get; }

    public IEnumerable<Finding> After()
    {
        var first = new Dictionary<(string, string), DateTimeOffset>();
        foreach (var entry in journal.Entries)
        {
            var since = entry.At;
            if (entry.What.Key is { } key && !first.TryAdd((key, entry.What.Body), since)) since = first[(key, entry.What.Body)];
            if (entry.Answer is { Code: ErrorCodes.SagaStatusForbids } late && _acted.Any(late.Text.StartsWith))
            {
                yield return new(
                    Invariant.RefusalTrue, entry.What.Key ?? $"request {entry.Number}",
                    $"{entry} was told: {late}; and the branch had acted");
            }
            else if (entry is { Answer: { Code: { } code } answer, AnsweredAt: { } until }
                && !WasTrue(entry, code, answer.Text, since, until))
            {
                var stocks = Seen(IdIn(answer.Text), since, until).Select(p => p.Stock).Distinct().Take(9);
                yield return new(
                    Invariant.RefusalTrue, entry.What.Key ?? $"request {entry.Number}",
                    $"{entry} was refused: {answer}; that was never true until {until:HH:mm:ss.fff} "
                    + $"(stock: {string.Join(", ", stocks)})");
            }
        }
    }

    private bool WasTrue(Entry entry, int code, string text, DateTimeOffset from, DateTimeOffset to) => code switch
    {
        ErrorCodes.NotEnoughStock => Wanted(entry.What, IdIn(text)) is { } wanted && WasShort(IdIn(text), wanted, from, to),
        ErrorCodes.ProductOffSale when text.Contains(" is not sold at ", StringComparison.Ordinal) => Wants(entry.What, IdIn(text)),
        ErrorCodes.ProductOffSale => Wants(entry.What, IdIn(text)) && Seen(IdIn(text), from, to).Any(p => p.Status == 0),
        ErrorCodes.NoSuchProduct => Wants(entry.What, IdIn(text)) && !_products[IdIn(text)].Any(p => p.At < from),
        ErrorCodes.NoSuchUser => !_users.Any(u => u.Id == IdIn(text) && u.IsThere && u.At < from),
        ErrorCodes.MobileTaken => entry.What is RegistrationAsked asked && WasTaken(asked.Mobile, from, to),
        ErrorCodes.KeyReused => journal.Entries.Any(
            e => e.What.Key == entry.What.Key && e.What.Body != entry.What.Body && e.At <= to),
        ErrorCodes.SagaStatusForbids => entry.What is not OrderAsked order
            || journal.Entries.Any(e => e.What is AbortAsked abort && abort.Gid == order.Gid && e.At <= to),
        _ => true,
    };

    private bool WasShort(long productId, long wanted, DateTimeOffset from, DateTimeOffset to)
    {
        if (Seen(productId, from, to).Any(p => p.Stock < wanted)) return true;
        var moments = reservations.Starts(productId).Concat(Seen(productId, from, to).Select(p => p.At))
            .Where(at => at >= from && at <= to).Append(from);
        return moments.Any(at => Seen(productId, at, at).Any(p => p.Stock - reservations.At(productId, at) < wanted));
    }

    /// <summary>What the row was at any moment from one time to another.</summary>
    private IEnumerable<(long Stock, int Status, DateTimeOffset At)> Seen(long productId, DateTimeOffset from, DateTimeOffset to)
    {
        var all = _products[productId];
        return all.Where(p => p.At < from).TakeLast(1).Concat(all.Where(p => p.At >= from && p.At <= to));
    }

    private bool WasTaken(string mobile, DateTimeOffset from, DateTimeOffset to) =>
        _users.Where(u => u.Mobile == mobile && u.At < from).TakeLast(1)
            .Concat(_users.Where(u => u.Mobile == mobile && u.At >= from && u.At <= to)).Any(u => u.IsThere);

    private static bool Wants(Asked what, long productId) => what is not OrderAsked || Wanted(what, productId) is not null;

    private static long? Wanted(Asked what, long productId) => what switch
    {
        OrderAsked order => order.Lines.FirstOrDefault(l => l.ProductId == productId)?.Quantity,
        AdjustmentAsked adjustment when adjustment.ProductId == productId => -adjustment.Delta,
        _ => null,
    };

    private static long IdIn(string text) =>
        Whose.Match(text) is { Success: true } match ? long.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : -1;
}
