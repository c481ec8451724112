using System.Diagnostics;

namespace Mall.Tests.Installations;

/// <summary>What is waited for and asked once the trouble is over.</summary>
public static class Aftermath
{
    private static readonly TimeSpan s_sagasEndWithin = TimeSpan.FromSeconds(150);

    /// <summary>Sagas that were cut off end by themselves: nobody asks for them.</summary>
    public static async Task UntilSagasHaveEndedAsync(Func<Books> open, CancellationToken stop)
    {
        using var books = open();
        var since = Stopwatch.GetTimestamp();
        while (books.UnendedSagas() is { Count: > 0 } unended)
        {
            if (Stopwatch.GetElapsedTime(since) > s_sagasEndWithin)
                Audit.Passes(unended.Select(saga => $"not ended within {s_sagasEndWithin}: {saga}"));
            await Task.Delay(50, stop);
        }
    }

    /// <summary>The same key gives the same answer, whatever has died since.</summary>
    /// <param name="times">How many of each shopper's orders are asked for again.</param>
    /// <returns>A line for each answer that has changed.</returns>
    public static async Task<IReadOnlyList<string>> AskAgainAsync(
        IEnumerable<Shopper> shoppers, int times, Random random, CancellationToken stop)
    {
        var changed = new List<string>();
        foreach (var shopper in shoppers)
        {
            foreach (var before in random.GetItems(shopper.Purchases.ToArray(), times))
            {
                var now = await shopper.AskAgainAsync(before, stop);
                if (now.Answer.Code != before.Answer.Code || (before.IsAcknowledged && now.OrderId != before.OrderId))
                    changed.Add($"{before.Key}: first {before.Answer}, now {now.Answer}");
            }
        }

        return changed;
    }
}
