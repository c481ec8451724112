using System.Collections.Concurrent;
using Mall.Tests.Installations;

namespace Mall.Tests.Transactions.Bank;

/// <summary>A client every tenth of a second, whatever befalls the manager of their transactions.</summary>
public sealed class BankTrade(BankServices bank, BankClients clients, string prefix, CancellationToken stop)
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_endsWithin = TimeSpan.FromSeconds(150);

    private readonly ConcurrentQueue<Deal> _deals = [];
    private Task _trading = Task.CompletedTask;
    private volatile bool _isLeaving;

    public void Begin()
    {
        bank.Workflows = clients.ResumeAsync;
        _trading = TradeAsync();
    }

    /// <summary>Begins nothing more, waits until everything has ended, and looks into the books.</summary>
    /// <param name="tell">Told the figures.</param>
    public async Task AuditAsync(Action<string> tell)
    {
        _isLeaving = true;
        await _trading;
        using var reason = CancellationTokenSource.CreateLinkedTokenSource(stop);
        reason.CancelAfter(s_endsWithin);
        var ended = new ConcurrentQueue<(Deal Deal, string? Status)>();
        await Parallel.ForEachAsync(_deals, stop, async (deal, _) =>
            ended.Enqueue((deal, await clients.EndOfAsync(deal, reason.Token))));
        var (calls, first) = bank.Calls;
        tell($"{ended.Count} transactions of services, {calls} calls, {calls - first} of them again");
        foreach (var kind in ended.GroupBy(e => (e.Deal.Course, e.Status)).OrderBy(g => g.Key))
            tell($"{kind.Key.Course} {kind.Key.Status}: {kind.Count()}");
        Audit.Passes([.. await BankAudit.FindAsync(bank, ended), .. await BankAudit.FindInBooksAsync(bank)]);
    }

    private async Task TradeAsync()
    {
        var running = new List<Task>();
        for (var number = 0; !_isLeaving; number++)
        {
            var deal = Deal.Of($"{prefix}-{number}", number, bank.Xa is not null);
            _deals.Enqueue(deal);
            running.Add(clients.RunAsync(deal));
            await Task.Delay(s_pause, stop);
        }

        await Task.WhenAll(running);
    }
}
