using System.Runtime.CompilerServices;

namespace Mall.Api.Orders;

/// <summary>
/// Tells those who watch orders of each change. However many watch, one look at the database every half a second is for all
/// orders that this process watches, a hundred of them in one query; so a change shows within about a second, wherever in the
/// cluster it was made. While nobody watches, nobody looks.
/// </summary>
internal sealed partial class OrderWatch(
    IGrainFactory grains, ApiOptions options, TimeProvider clock, IHostApplicationLifetime lifetime, ILogger<OrderWatch> log)
{
    private static readonly TimeSpan s_period = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_lookLimit = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<long, Watched> _watched = [];
    private bool _isLooking;
    private int _looks;

    // A client has one gateway for each key, and that one may hang: the next look goes to another.
    private IOrderHistoryGrain History => grains.GetGrain<IOrderHistoryGrain>(Interlocked.Increment(ref _looks) & 15);

    /// <summary>The order now and then whenever its status changes, until nothing can become of it any more.</summary>
    /// <param name="order">As it was when its user was found to be the caller.</param>
    public async IAsyncEnumerable<OrderView> Follow(OrderView order, [EnumeratorCancellation] CancellationToken end)
    {
        var watched = Enter(order.Id);
        try
        {
            yield return order;
            while (order.Status is OrderStatus.Created or OrderStatus.Paid)
            {
                await watched.LeavesAsync(order.Status, end);
                if (await Find(order, end) is not { } now)
                    continue;
                if (order.Status == OrderStatus.Created && now.Status == OrderStatus.Refunded)
                    yield return now with { Status = OrderStatus.Paid }; // It cannot have got there otherwise.
                yield return order = now;
            }
        }
        finally
        {
            Leave(order.Id, watched);
        }
    }

    private async Task<OrderView?> Find(OrderView order, CancellationToken end)
    {
        try
        {
            var patience = new Patience(options.WaitLimit, clock, end, lifetime.ApplicationStopping);
            var now = await patience.Insist(() => History.Get(order.UserId, order.Id));
            return now.Value is { } found && found.Status != order.Status ? found : null;
        }
        catch (Exception failure) when (!end.IsCancellationRequested)
        {
            // Whatever it was: who watches is told when it works again.
            LogFailed(failure);
            await Task.Delay(s_period, clock, end);
            return null;
        }
    }

    private Watched Enter(long orderId)
    {
        lock (_gate)
        {
            if (!_watched.TryGetValue(orderId, out var watched))
                _watched[orderId] = watched = new Watched();
            watched.Watchers++;
            if (!_isLooking)
            {
                _isLooking = true;
                _ = LookAsync(); // Ends with the last who watches, and observes its own failures.
            }

            return watched;
        }
    }

    private void Leave(long orderId, Watched watched)
    {
        lock (_gate)
        {
            if (--watched.Watchers == 0)
                _watched.Remove(orderId);
        }
    }

    private async Task LookAsync()
    {
        while (true)
        {
            await Task.Delay(s_period, clock);
            (long Id, Watched Watched)[] all;
            lock (_gate)
            {
                if (_watched.Count == 0 || lifetime.ApplicationStopping.IsCancellationRequested)
                {
                    _isLooking = false;
                    return;
                }

                all = [.. _watched.Select(one => (one.Key, one.Value))];
            }

            try
            {
                foreach (var some in all.Chunk(OrdersAtOnce.Most))
                {
                    ImmutableArray<long> ids = [.. some.Select(one => one.Id)];
                    var patience = new Patience(s_lookLimit, clock, CancellationToken.None, lifetime.ApplicationStopping);
                    var statuses = await patience.Insist(() => History.Statuses(ids));
                    for (var i = 0; i < some.Length; i++)
                        some[i].Watched.Note(statuses[i]);
                }
            }
            catch (Exception failure)
            {
                LogFailed(failure); // Whatever it was: the next look tells.
            }
        }
    }

    [LoggerMessage(4101, LogLevel.Information, "Watched orders could not be looked at; they are again in a moment")]
    private partial void LogFailed(Exception failure);

    /// <summary>An order and its status as it was last looked at.</summary>
    private sealed class Watched
    {
        private volatile TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile int _status = OrdersAtOnce.Unknown;

        public int Watchers { get; set; } // by the gate

        public void Note(int status)
        {
            if (_status == status)
                return;
            _status = status;
            var moved = _moved;
            _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
            moved.SetResult();
        }

        /// <summary>Completes when the order is seen in another status.</summary>
        public async Task LeavesAsync(int status, CancellationToken end)
        {
            while (true)
            {
                var moved = _moved.Task; // Taken before the status is read, so that no move is missed.
                if (_status != OrdersAtOnce.Unknown && _status != status)
                    return;
                await moved.WaitAsync(end);
            }
        }
    }
}
