using System.Text.RegularExpressions;

namespace Mall.Simulation;

/// <summary>
/// A refusal is a claim about the mall: it must have been true at some moment between the request (the first, if it was repeated)
/// and the answer.
/// </summary>
public sealed partial class RefusalOracle(SimulatedDatabase database, Journal journal, Reservations reservations)
{
    // Stock and status of products, by id; id of users and whether they are there, by mobile.
    private readonly ILookup<string, (DateTimeOffset At, long Figure, long Status)> _products =
        History(database, "select id, at, stock, status from seen_products order by rowid");

    private readonly ILookup<string, (DateTimeOffset At, long Figure, long Status)> _users =
        History(database, "select mobile, at, id, is_there from seen_users order by rowid");

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
            if (entry is not { Answer: { Code: { } code } answer, AnsweredAt: { } until }) continue;
            if (code == ErrorCodes.SagaStatusForbids && _acted.Any(answer.Text.StartsWith))
                yield return Untrue($"{entry} was told: {answer}; and the branch had acted");
            else if (!WasTrue(entry, code, answer.Text, since, until))
                yield return Untrue($"{entry} was refused: {answer}; that was never true until {until:HH:mm:ss.fff}");

            Finding Untrue(string sentence) => new(Invariant.RefusalTrue, entry.What.Key ?? $"request {entry.Number}", sentence);
        }
    }

    private bool WasTrue(Entry entry, int code, string text, DateTimeOffset from, DateTimeOffset to) => code switch
    {
        ErrorCodes.NotEnoughStock => Wanted(entry.What, IdIn(text)) is { } wanted && (WasShort(IdIn(text), wanted, from, to)
            || (text.EndsWith("or was off sale.", StringComparison.Ordinal) && WasOffSale(IdIn(text), from, to))),
        ErrorCodes.ProductOffSale => Wants(entry.What, IdIn(text)) && WasOffSale(IdIn(text), from, to),
        ErrorCodes.NoSuchProduct => Wants(entry.What, IdIn(text)) && !_products[IdIn(text)].Any(p => p.At < from),
        ErrorCodes.NoSuchUser => !_users.SelectMany(u => u).Any(u => $"{u.Figure}" == IdIn(text) && u.At < from),
        ErrorCodes.MobileTaken => entry.What is RegistrationAsked asked
            && Seen(_users[asked.Mobile], from, to).Any(u => u.Status == 1),
        ErrorCodes.KeyReused => journal.Entries.Any(
            e => e.What.Key == entry.What.Key && e.What.Body != entry.What.Body && e.At <= to),
        ErrorCodes.SagaStatusForbids => entry.What is not OrderAsked order
            || journal.Entries.Any(e => e.What is AbortAsked abort && abort.Gid == order.Gid && e.At <= to),
        _ => true,
    };

    private bool WasShort(string product, long wanted, DateTimeOffset from, DateTimeOffset to) =>
        Seen(_products[product], from, to).Any(p => p.Figure < wanted)
        || Seen(_products[product], from, to).Select(p => p.At).Concat(reservations.Starts(product)).Append(from)
            .Where(at => at >= from && at <= to)
            .Any(at => Seen(_products[product], at, at).Any(p => p.Figure - reservations.At(product, at) < wanted));

    private bool WasOffSale(string product, DateTimeOffset from, DateTimeOffset to) =>
        Seen(_products[product], from, to).Any(p => p.Status == 0);

    /// <summary>What a row was at any moment from one time to another.</summary>
    private static IEnumerable<(DateTimeOffset At, long Figure, long Status)> Seen(
        IEnumerable<(DateTimeOffset At, long Figure, long Status)> row, DateTimeOffset from, DateTimeOffset to) =>
        row.Where(was => was.At < from).TakeLast(1).Concat(row.Where(was => was.At >= from && was.At <= to));

    private static ILookup<string, (DateTimeOffset, long, long)> History(SimulatedDatabase database, string sql) => database
        .Read(new Query<(string, (DateTimeOffset, long, long))>(sql, row => (
            $"{row.GetValue(0)}", (new(row.GetInt64(1), TimeSpan.Zero), row.GetInt64(2), row.GetInt64(3)))))
        .ToLookup(row => row.Item1, row => row.Item2);

    private static bool Wants(Asked what, string product) => what is not OrderAsked || Wanted(what, product) is not null;

    private static long? Wanted(Asked what, string product) => what switch
    {
        OrderAsked order => order.Lines.FirstOrDefault(line => $"{line.ProductId}" == product)?.Quantity,
        AdjustmentAsked adjustment when $"{adjustment.ProductId}" == product => -adjustment.Delta,
        _ => null,
    };

    private static string IdIn(string text) => Whose.Match(text).Groups[1].Value;
}
