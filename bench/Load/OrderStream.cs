using System.Diagnostics;
using System.Security.Cryptography;
using Mall.Bench.Measuring;

namespace Mall.Bench.Load;

/// <summary>What the connections of a load do: each places one order after the other, each order with its own key.</summary>
/// <param name="clients">The connections, one a caller.</param>
/// <param name="baskets">How many baskets the clients know.</param>
/// <param name="rate">Orders a second of all connections together; null for as many as go.</param>
sealed class OrderStream(IReadOnlyList<IOrderClient> clients, int baskets, double? rate)
{
    readonly string _run = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
    long _placed;

    /// <summary>One caller's loop.</summary>
    public Task PlaceAsync(Caller caller) =>
        rate is { } perSecond ? PlaceAtRateAsync(caller, perSecond) : PlaceOneAfterTheOtherAsync(caller);

    async Task PlaceOneAfterTheOtherAsync(Caller caller)
    {
        while (caller.GoesOn)
            await PlaceOneAsync(caller);
    }

    /// <summary>The n-th order of all belongs to connection n modulo their number, and is meant to start at n / rate.</summary>
    async Task PlaceAtRateAsync(Caller caller, double perSecond)
    {
        var ticksBetween = Stopwatch.Frequency / perSecond;
        for (var n = caller.Index; ; n += clients.Count)
        {
            var due = caller.Beginning + (long)(n * ticksBetween);
            if (!caller.Includes(due))
                return;
            var wait = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
            if (wait > TimeSpan.Zero)
                await Task.Delay(wait);
            caller.MeantToStartAt(due);
            await PlaceOneAsync(caller);
        }
    }

    async ValueTask PlaceOneAsync(Caller caller)
    {
        var order = Interlocked.Increment(ref _placed);
        if (await clients[caller.Index].PlaceAsync((int)(order % baskets), $"load-{_run}-{order}") is { } code)
            caller.Failed(code);
        else
            caller.Succeeded();
    }
}
