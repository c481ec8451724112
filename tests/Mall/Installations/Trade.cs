using System.Globalization;

namespace Mall.Tests.Installations;

/// <summary>
/// A shop and its customers: they order all the time while a test does something to the mall, and afterwards the books are
/// audited. Customers see pauses and nothing else; nothing is lost, nothing happens twice.
/// </summary>
public sealed class Trade : IDisposable
{
    private static readonly TimeSpan s_answersWithin = TimeSpan.FromSeconds(150);
    private static readonly TimeSpan s_looksEvery = TimeSpan.FromMilliseconds(20);

    private readonly Func<Books> _open;
    private readonly CancellationToken _stop;
    private readonly CancellationTokenSource _leaving;
    private readonly List<Shopper> _shoppers = [];
    private readonly List<Shopper> _buyers = [];
    private Dictionary<Shopper, int> _known = []; // How many of their troubles are older than the present beginning.
    private CancellationTokenSource _closing;
    private Task _people = Task.CompletedTask;

    private Trade(Seller seller, Func<Books> open, CancellationToken stop)
    {
        (Seller, _open, _stop) = (seller, open, stop);
        _leaving = CancellationTokenSource.CreateLinkedTokenSource(stop);
        _closing = CancellationTokenSource.CreateLinkedTokenSource(stop);
    }

    public Seller Seller { get; }

    /// <summary>Everything on sale, in the order of the stocks.</summary>
    public IReadOnlyList<long> Products { get; private init; } = [];

    /// <summary>Those who shop by themselves.</summary>
    public IReadOnlyList<Shopper> Shoppers => _shoppers;

    /// <summary>Everything that was answered so far.</summary>
    public List<Purchase> Purchases => [.. People.SelectMany(s => s.Purchases)];

    public int Answered => _shoppers.Sum(s => s.Purchases.Count);

    /// <summary>Requests that were left without an answer, and repeated, since everybody began to shop.</summary>
    public int Unanswered => Troubles.Count();

    /// <summary>What came instead of an answer, each time that there was none.</summary>
    public IEnumerable<string> Troubles => People.SelectMany(s => s.Troubles.Skip(_known.GetValueOrDefault(s)));

    private IEnumerable<Shopper> People => _shoppers.Concat(_buyers);

    /// <summary>Opens a shop.</summary>
    /// <param name="mall">Where.</param>
    /// <param name="open">Opens the books.</param>
    /// <param name="stocks">One product each.</param>
    /// <param name="shoppers">How many arrive; each keeps to one front door.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<Trade> OpenAsync(
        IPremises mall, Func<Books> open, IEnumerable<long> stocks, int shoppers, CancellationToken stop)
    {
        var seller = await Seller.OpenShopAsync(mall, stocks, stop);
        var trade = new Trade(seller, open, stop) { Products = [.. seller.Supplied.Keys.Order()] };
        await trade.InviteAsync(mall, shoppers);
        return trade;
    }

    /// <summary>More people who shop by themselves.</summary>
    public async Task InviteAsync(IPremises mall, int shoppers) => _shoppers.AddRange(await ArriveAsync(mall, shoppers));

    /// <summary>Somebody who orders what the test wants.</summary>
    public async Task<Shopper> InviteBuyerAsync(IPremises mall)
    {
        _buyers.AddRange(await ArriveAsync(mall, 1));
        return _buyers[^1];
    }

    /// <summary>Everybody shops from now on.</summary>
    /// <param name="seed">Decides what.</param>
    /// <param name="delivered">So many of the first products run short, and more of them come in all the time.</param>
    public void Begin(int seed, int delivered = 0)
    {
        _closing.Dispose();
        _closing = CancellationTokenSource.CreateLinkedTokenSource(_stop);
        _known = People.ToDictionary(s => s, s => s.Troubles.Count);
        var (closing, leaving) = (_closing.Token, _leaving.Token);
        var people = _shoppers
            .Select((s, i) => s.ShopAsync(Products, new Random(seed + i), closing, i % 4 == 0 ? leaving : _stop)).ToList();
        if (delivered > 0)
            people.Add(Seller.DeliverAsync([.. Products.Take(delivered)], new Random(seed - 1), closing, _stop));
        _people = Task.WhenAll(people);
    }

    /// <summary>Waits until so many more orders have been answered.</summary>
    public async Task UntilAnsweredAsync(int more)
    {
        var enough = Answered + more;
        while (Answered < enough) await Task.Delay(s_looksEvery, _stop);
    }

    /// <summary>Waits until what runs short has run out for somebody: in bad times few orders get that far.</summary>
    public async Task UntilRefusedAsync()
    {
        while (Purchases.TrueForAll(p => p.IsAcknowledged)) await Task.Delay(s_looksEvery, _stop);
    }

    /// <summary>
    /// A quarter of the shoppers walk away, also from orders that nobody will ask for again: what was durable of them must end by
    /// itself.
    /// </summary>
    public Task LeaveAsync() => _leaving.CancelAsync();

    /// <summary>No new orders; everybody who waits for an answer gets one.</summary>
    public async Task EndAsync()
    {
        await _closing.CancelAsync();
        if (await Task.WhenAny(_people, Task.Delay(s_answersWithin, _stop)) != _people)
        {
            using var books = _open();
            Audit.Passes(
            [
                $"not everybody was answered within {s_answersWithin}",
                .. books.UnendedSagas(), .. People.Select(s => s.LastTrouble),
            ]);
        }

        await _people;
    }

    /// <summary>Waits until all sagas have ended, by themselves, and audits.</summary>
    /// <param name="note">Hears the sums.</param>
    /// <param name="isScarce">Whether somebody may, and must, have been refused for want of stock; else nobody may.</param>
    public async Task AuditAsync(Action<string> note, bool isScarce = false)
    {
        await Aftermath.UntilSagasHaveEndedAsync(_open, _stop);
        var (purchases, abandoned) = (Purchases, People.Sum(s => s.Abandoned));
        var refused = purchases.Where(p => !p.IsAcknowledged).ToList();
        var acknowledged = purchases.Count - refused.Count;
        note(string.Create(
            CultureInfo.InvariantCulture,
            $"{acknowledged} orders acknowledged, {People.Sum(s => s.Read)} of them read back, {refused.Count} refused, "
            + $"{abandoned} given up, {Unanswered} requests left without an answer"));
        using var books = _open();
        Audit.Passes(books.Missing(purchases));
        Audit.Passes(books.Discrepancies(Seller.Supplied));
        Audit.Passes(People.SelectMany(s => s.Misreadings));
        Audit.Passes(refused
            .Where(p => !isScarce || p.Answer.Code != ErrorCodes.NotEnoughStock).Select(p => $"{p.Key}: {p.Answer}"));
        Assert.InRange(books.Orders(status: 0), acknowledged, acknowledged + abandoned);
        Assert.NotEqual(0, acknowledged);
        Assert.Equal(isScarce, refused.Count != 0);
    }

    public void Dispose()
    {
        Seller.Dispose();
        foreach (var person in People) person.Dispose();
        _leaving.Dispose();
        _closing.Dispose();
    }

    private Task<IReadOnlyList<Shopper>> ArriveAsync(IPremises mall, int count) =>
        Shopper.ArriveAsync(mall, 1 + People.Count(), count, _stop);
}
