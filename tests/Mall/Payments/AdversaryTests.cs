using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Mall.Api;
using Mall.Api.Auth;
using Mall.Api.Calls;
using Mall.Api.Errors;
using Mall.Api.Listening;
using Mall.Api.Payments;
using Mall.Orders;
using Mall.Payments;
using Mall.Signing;
using Mall.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mall.Tests.Payments;

/// <summary>
/// A provider that repeats, reorders, delays and loses, forgers and replayers beside it, and customers who cancel and ask for
/// refunds meanwhile: each order lives through a scene that its seed decides, some at once. Whatever comes, money is conserved
/// and each effect happens once. The setting <c>MALL_TEST_PAYMENTS</c> says how many scenes.
/// </summary>
public sealed class AdversaryTests
{
    private const string Key = "the key of an honest provider";
    private const int AtOnce = 16;
    private const long Stock = 1_000_000;

    private static readonly int s_scenes =
        int.Parse(Environment.GetEnvironmentVariable("MALL_TEST_PAYMENTS") ?? "100", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Whatever_a_provider_does_money_is_conserved_and_each_effect_happens_once()
    {
        var provider = new MoodyProvider();
        await using var mall = await TestMall.OpenAsync(services: services => services
            .AddSingleton<IPaymentProvider>(provider)
            .AddSingleton(new PaymentOptions { FirstBackoff = TimeSpan.FromMilliseconds(1) }));
        var users = new List<long>();
        for (var i = 0; i < 5; i++) users.Add(await mall.RegisterAsync($"1380000000{i}"));
        var product = await mall.SellAsync(users[0], Stock, price: 130);

        using var places = new SemaphoreSlim(AtOnce);
        var scenes = await Task.WhenAll(Enumerable.Range(0, s_scenes).Select(async seed =>
        {
            await places.WaitAsync();
            try
            {
                return await new Scene(mall, seed, users[seed % users.Count], product).PlayAsync();
            }
            finally
            {
                places.Release();
            }
        }));
        await mall.UntilSqlSaysAsync(["0"], "select count(*) from sagas where finish_time is null");

        var rows = (await mall.SqlAsync(
            """
            select o.id, o.status, o.amount, coalesce(p.id, 0), coalesce(p.status, -1),
              (select count(*) from point_movements m 
                where m.cause = 'payment' and m.cause_id = p.id and m.points = o.amount / 100),
              (select count(*) from point_movements m 
                where m.cause = 'refund' and m.cause_id = p.id and m.points = -(o.amount / 100)),
              (select count(*) from outbox e where e.subject = 'order/' || o.id and e.type = 'order.paid'),
              (select count(*) from outbox e where e.subject = 'order/' || o.id and e.type = 'order.refunded'),
              (select count(*) from outbox e where e.subject = 'order/' || o.id and e.type = 'order.closed')
            from orders o left join payments p on p.order_id = o.id
            """)).Select(row => row.Split(' ').Select(long.Parse).ToArray()).ToDictionary(row => row[0]);
        var wrong = new List<string>();
        foreach (var scene in scenes)
        {
            var row = rows[scene.Order];
            var (order, payment) = (row[1], row[4]);
            var isRight = (order, payment) switch
            {
                (OrderStatus.Created, -1 or PaymentStatus.Waiting or PaymentStatus.Failed) => true,
                (OrderStatus.Paid, PaymentStatus.Succeeded) => true,
                (OrderStatus.Closed, -1 or PaymentStatus.Waiting or PaymentStatus.Failed or PaymentStatus.Refunded) => true,
                (OrderStatus.Refunded, PaymentStatus.Refunded) => true,
                _ => false,
            };
            long paid = order is OrderStatus.Paid or OrderStatus.Refunded ? 1 : 0;
            long refunded = order == OrderStatus.Refunded ? 1 : 0;
            long[] effects = [paid, refunded, paid, refunded, order == OrderStatus.Closed ? 1 : 0];
            var hasMoney = payment is PaymentStatus.Succeeded or PaymentStatus.Refunded;
            isRight &= row.Skip(5).SequenceEqual(effects) && hasMoney == scene.WasPaid
                && provider.HasRefunded(row[3]) == (payment == PaymentStatus.Refunded);
            if (!isRight) wrong.Add($"seed {scene.Seed} paid {scene.WasPaid}: {string.Join(' ', row)}; {scene.Story}");
        }

        Assert.Empty(wrong);
        var held = await mall.SqlAsync(
            $"select sum(i.quantity) from order_items i join orders o on o.id = i.order_id where o.status in (0, 1)");
        Assert.Equal([$"{Stock - (held[0] == "null" ? 0 : long.Parse(held[0], null))}"], await mall.SqlAsync("select stock from products"));
        Assert.Empty(await mall.SqlAsync(
            """
            select p.user_id, p.balance from points p
            where p.balance <> (select sum(m.points) from point_movements m where m.user_id = p.user_id)
            """));
        Assert.True(scenes.Select(scene => rows[scene.Order][1]).Distinct().Count() == 4, "Some status was never reached.");
    }

    /// <summary>What one order lived through.</summary>
    /// <param name="WasPaid">Its provider was told that a success is known.</param>
    private sealed record Outcome(int Seed, long Order, bool WasPaid, string Story);

    private sealed class Scene(TestMall mall, int seed, long userId, long product)
    {
        private readonly Random _random = new(seed);
        private readonly Caller _user = new(userId, "user");
        private readonly ConcurrentQueue<string> _story = new();
        private volatile bool _wasPaid;
        private long _order;
        private long _payment;
        private long _amount;

        private PaymentDesk Desk(TimeSpan ahead = default) => new(
            mall.Grains, new PublicAddress(new ApiOptions { PublicUrl = "http://mall.test" }, null!),
            new CallbackKey(new ApiOptions { PaymentKey = Key }, mall.Grains), new Ahead(ahead),
            NullLogger<PaymentDesk>.Instance);

        public async Task<Outcome> PlayAsync()
        {
            var quantity = _random.Next(1, 5);
            var placed = (await mall.PlaceAsync($"scene-{seed}", userId, new OrderLine(product, quantity))).Value!;
            (_order, _amount) = (placed.Id, placed.Amount);
            await TellAsync("open", OpenAsync);
            for (var beat = _random.Next(2, 7); beat > 0; beat--)
                await Task.WhenAll(Enumerable.Range(0, _random.Next(1, 5)).Select(_ => ActAsync()));
            return new Outcome(seed, _order, _wasPaid, string.Join(", ", _story));
        }

        /// <summary>Chooses before it awaits anything, so that the seed decides.</summary>
        private Task ActAsync() => _random.Next(14) switch
        {
            0 or 1 or 2 => TellAsync("success", () => ReportAsync("succeeded")),
            3 or 4 => TellAsync("failure", () => ReportAsync("failed")),
            5 => TellAsync("wrong amount", () => ReportAsync("succeeded", amount: _amount + _random.Next(1, 100))),
            6 => TellAsync("forged", () => ReportAsync("succeeded", key: "the key of a forger")),
            7 => TellAsync("replayed", () => ReportAsync("succeeded", later: TimeSpan.FromSeconds(301))),
            8 => TellAsync("cancel", async () => (await mall.Grains.GetGrain<IOrderGrain>(_order).Cancel(userId, null)).Refusal),
            9 => TellAsync("close", async () =>
            {
                await mall.Grains.GetGrain<IOrderGrain>(_order).Close();
                return null;
            }),
            10 or 11 => TellAsync("refund", async () => (await Desk().Refund(_user, _order, Chance(), NewPatience())).Refusal),
            12 => TellAsync("open", OpenAsync),
            _ => TellAsync("twice", async () =>
            {
                var both = await Task.WhenAll(ReportAsync("succeeded"), ReportAsync("succeeded"));
                return both[0] ?? both[1];
            }),
        };

        private string? Chance() => _random.Next(2) == 0 ? null : $"refund-{seed}";

        private async Task TellAsync(string what, Func<Task<Refusal?>> act)
        {
            try
            {
                _story.Enqueue(await act() is { } refusal ? $"{what} {refusal.Code}" : what);
            }
            catch (ProblemException refused)
            {
                _story.Enqueue($"{what} {refused.Problem.Kind.Code}");
            }
            catch (Exception unknown) when (unknown is StaleActivationException or TimeoutException)
            {
                _story.Enqueue($"{what} unknown"); // As a client may be told; what came of it counts all the same.
            }
        }

        private async Task<Refusal?> OpenAsync()
        {
            var opened = await Desk().Open(_user, new CreatePaymentInput(_order), null, NewPatience());
            if (!opened.IsRefused) _payment = opened.Value.Payment.Id;
            return opened.Refusal;
        }

        private async Task<Refusal?> ReportAsync(
            string result, long? amount = null, string key = Key, TimeSpan later = default)
        {
            if (_payment == 0) return null;
            var body = Encoding.UTF8.GetBytes(
                $$"""{"paymentId":{{_payment}},"amount":{{amount ?? _amount}},"result":"{{result}}","providerRef":"r"}""");
            var timestamp = Signatures.Timestamp(DateTimeOffset.UtcNow);
            var signature = Signatures.Sign(key, timestamp, body);
            var reported = await Desk(later).Callback(new ReadOnlySequence<byte>(body), timestamp, signature, NewPatience());
            if (!reported.IsRefused && result == "succeeded") _wasPaid = true;
            return reported.Refusal;
        }

        private static Patience NewPatience() => new(TimeSpan.FromSeconds(30), TimeProvider.System, CancellationToken.None);
    }

    /// <summary>A clock that is ahead.</summary>
    private sealed class Ahead(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + by;
    }

    /// <summary>Every third call it does what it was asked, or not, and does not answer.</summary>
    private sealed class MoodyProvider : IPaymentProvider
    {
        private readonly ConcurrentDictionary<long, bool> _refunded = [];
        private int _calls;

        public string Name => "moody";

        public bool HasRefunded(long paymentId) => _refunded.ContainsKey(paymentId);

        public Task<ProviderAnswer> OpenAsync(ProviderRequest payment) => Interlocked.Increment(ref _calls) % 3 == 0
            ? throw new TimeoutException("moody")
            : Task.FromResult(new ProviderAnswer($"m-{payment.PaymentId}", "http://provider.test/pay"));

        public Task RefundAsync(ProviderRequest payment)
        {
            var call = Interlocked.Increment(ref _calls);
            if (call % 3 == 0) throw new TimeoutException("moody, before");
            _refunded[payment.PaymentId] = true;
            return call % 3 == 1 ? throw new TimeoutException("moody, after") : Task.CompletedTask;
        }
    }
}
