using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using CsCheck;
using Mall.Api;
using Mall.Api.Auth;
using Mall.Api.Calls;
using Mall.Api.Errors;
using Mall.Api.Listening;
using Mall.Api.Payments;
using Mall.Ledger;
using Mall.Orders;
using Mall.Payments;
using Mall.Signing;
using Mall.Tests.Hosting;
using Mall.Tests.Installations;
using Mall.TestServers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Mall.Tests.Payments;

/// <summary>
/// A provider that repeats, reorders, delays and loses, forgers and replayers beside it, and customers who cancel and ask for
/// refunds meanwhile: each order lives through a scene, some at once. Whatever comes, money is conserved and each effect happens
/// once. On a server two clusters share the database and each believes to own every grain, so all that meets in a scene meets in
/// two activations, too. The setting <c>MALL_TEST_PAYMENTS</c> says how many scenes. A scene that fails is told with its seed,
/// and the smallest that fails of those that come after it.
/// </summary>
public sealed class AdversaryTests
{
    private const string Key = "the key of an honest provider";
    private const int AtOnce = 16;
    private const long Stock = 1_000_000;

    private static readonly int s_scenes = Setting.Of("MALL_TEST_PAYMENTS", 100);

    private static readonly Gen<Scene> s_scene = Gen.Select(
        Gen.Int[1, 4],
        Gen.Select(
            Gen.Frequency(
                (4, Act.Success), (2, Act.Failure), (1, Act.WrongAmount), (1, Act.Forged), (1, Act.Replayed), (1, Act.Cancel),
                (1, Act.Close), (1, Act.Refund), (1, Act.KeyedRefund), (1, Act.Open)),
            Gen.Int[0, 1],
            (act, cluster) => new Step(act, cluster)).Array[1, 5].Array[1, 6],
        (quantity, beats) => new Scene(quantity, beats));

    /// <summary>What ends in each of the statuses, whatever chance makes of the rest.</summary>
    private static readonly Scene[] s_plain =
    [
        new(1, [[new(Act.Forged, 0)]]), new(1, [[new(Act.Success, 0)]]), new(1, [[new(Act.Cancel, 0)]]),
        new(1, [[new(Act.Success, 0)], [new(Act.Refund, 0)]]),
    ];

    /// <summary>An order, what its payment came to, and how often each effect has happened.</summary>
    private static readonly Query<long[]> s_effects = new(
        """
        select o.status, coalesce(p.status, -1), coalesce(p.id, 0),
          (select count(*) from point_movements m
            where m.cause = 'payment' and m.cause_id = p.id and m.points * 100 = p.amount - p.amount % 100),
          (select count(*) from point_movements m
            where m.cause = 'refund' and m.cause_id = p.id and m.points * 100 = p.amount % 100 - p.amount),
          (select count(*) from outbox e where e.subject = concat('order/', o.id) and e.type = 'order.paid'),
          (select count(*) from outbox e where e.subject = concat('order/', o.id) and e.type = 'order.refunded'),
          (select count(*) from outbox e where e.subject = concat('order/', o.id) and e.type = 'order.closed')
        from orders o left join payments p on p.order_id = o.id where o.id = @p1
        """,
        row => [.. Enumerable.Range(0, row.FieldCount).Select(i => Convert.ToInt64(row.GetValue(i), null))]);

    private static readonly Query<long> s_unended = new(
        "select count(*) from sagas where gid in (@p1, @p2) and finish_time is null", row => row.GetInt64(0));

    private static readonly Query<long> s_stock = new(
        """
        select p.stock + coalesce((select sum(i.quantity) from order_items i join orders o on o.id = i.order_id
          where o.status < 2), 0) from products p
        """,
        row => Convert.ToInt64(row.GetValue(0), CultureInfo.InvariantCulture));

    private static readonly Query<long> s_points = new(
        """
        select p.user_id from points p
        where p.balance <> (select sum(m.points) from point_movements m where m.user_id = p.user_id)
        """,
        row => row.GetInt64(0));

    private enum Act
    {
        Success, Failure, WrongAmount, Forged, Replayed, Cancel, Close, Refund, KeyedRefund, Open,
    }

    [Theory]
    [InlineData("SQLite")]
    [InlineData(nameof(DatabaseKind.Postgres))]
    [InlineData(nameof(DatabaseKind.MariaDb))]
    public async Task Whatever_a_provider_does_money_is_conserved_and_each_effect_happens_once(string database)
    {
        var address = await AddressAsync(database);
        var provider = new MoodyProvider();
        await using var one = await OpenAsync();
        await using var two = address is null ? null : await OpenAsync();
        TestMall[] malls = [one, two ?? one];
        var users = new List<long>();
        for (var i = 0; i < 5; i++) users.Add(await one.RegisterAsync($"1380000000{i}"));
        var product = await one.SellAsync(users[0], Stock, price: 130);

        var (played, statuses) = (0, new ConcurrentDictionary<long, bool>());
        foreach (var scene in s_plain) await PlayAsync(scene);
        await s_scene.SampleAsync(PlayAsync, iter: s_scenes, threads: AtOnce, print: scene => scene.ToString());

        Assert.Equal([Stock], await AskAsync(s_stock));
        Assert.Empty(await AskAsync(s_points));
        Assert.Equal(4, statuses.Count);

        async Task PlayAsync(Scene scene)
        {
            var number = Interlocked.Increment(ref played);
            var play = new Play(malls, scene, number, users[number % users.Count], product);
            await play.RunAsync();
            var order = await EffectsAsync(play.Order);
            statuses[order[0]] = true;
            if (!IsRight(order, play.WasPaid, provider))
                Assert.Fail($"paid {play.WasPaid}: {string.Join(' ', order)}; {string.Join(", ", play.Story)}");
        }

        Task<TestMall> OpenAsync() => TestMall.OpenAsync(
            services: services => services.AddSingleton<IPaymentProvider>(provider)
                .AddSingleton(new PaymentOptions { FirstBackoff = TimeSpan.FromMilliseconds(1) }),
            database: address);

        async Task<long[]> EffectsAsync(long order)
        {
            await TestMall.EventuallyAsync(
                async () => (await AskAsync(s_unended, $"close-{order}", $"refund-{order}"))[0] == 0, "its sagas end");
            return (await AskAsync(s_effects, order))[0];
        }

        Task<IReadOnlyList<T>> AskAsync<T>(Query<T> query, params Value[] values) =>
            one.Store.QueryAsync(query, values, CancellationToken.None);
    }

    private static bool IsRight(long[] row, bool wasPaid, MoodyProvider provider)
    {
        var (order, payment) = (row[0], row[1]);
        var isAllowed = ((int)order, (int)payment) switch
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
        return isAllowed && row.Skip(3).SequenceEqual(effects) && hasMoney == wasPaid
            && provider.HasRefunded(row[2]) == (payment == PaymentStatus.Refunded);
    }

    private static async Task<string?> AddressAsync(string database)
    {
        if (database == "SQLite") return null;
        var kind = Enum.Parse<DatabaseKind>(database);
        if (DatabaseServer.WhyMissing(kind) is { } reason) Assert.Skip(reason);
        return await (await DatabaseServer.SharedAsync(kind))
            .CreateDatabaseAsync("adversary", TestContext.Current.CancellationToken);
    }

    /// <summary>Something that somebody does, through one of two clusters.</summary>
    private sealed record Step(Act Act, int Cluster)
    {
        public override string ToString() => $"{Act} {Cluster}";
    }

    /// <summary>What an order of so many pieces lives through: beats, each of them steps at once.</summary>
    private sealed record Scene(int Quantity, Step[][] Beats)
    {
        public override string ToString() =>
            $"{Quantity} pieces: {string.Join("; ", Beats.Select(beat => string.Join(" | ", (object[])beat)))}";
    }

    private sealed class Play(TestMall[] malls, Scene scene, int number, long userId, long product)
    {
        private readonly Caller _user = new(userId, "user");
        private readonly Random _random = new(number);
        private volatile bool _wasPaid;
        private long _payment;
        private long _amount;

        public ConcurrentQueue<string> Story { get; } = new();

        public long Order { get; private set; }

        /// <summary>Its provider was told that a success is known.</summary>
        public bool WasPaid => _wasPaid;

        public async Task RunAsync()
        {
            var placed = await InsistAsync(
                () => malls[number % 2].PlaceAsync($"scene-{number}", userId, new OrderLine(product, scene.Quantity)));
            (Order, _amount) = (placed.Value!.Id, placed.Value.Amount);
            await InsistAsync(() => OpenAsync(malls[0]));
            foreach (var beat in scene.Beats) await Task.WhenAll(beat.Select(step => TellAsync(step)));
        }

        private async Task TellAsync(Step step)
        {
            try
            {
                Story.Enqueue(await DoAsync(step.Act, malls[step.Cluster]) is { } refusal ? $"{step} {refusal.Code}" : $"{step}");
            }
            catch (ProblemException refused)
            {
                Story.Enqueue($"{step} {refused.Problem.Kind.Code}");
            }
            catch (Exception unknown) when (unknown is TimeoutException || unknown.LostItsGrain())
            {
                Story.Enqueue($"{step} unknown"); // As a client may be told; what came of it counts all the same.
            }
        }

        private async Task<Refusal?> DoAsync(Act act, TestMall mall)
        {
            var order = mall.Grains.GetGrain<IOrderGrain>(Order);
            switch (act)
            {
                case Act.Cancel:
                    return (await order.Cancel(userId, null)).Refusal;
                case Act.Close:
                    await order.Close();
                    return null;
                case Act.Refund or Act.KeyedRefund:
                    var key = act == Act.Refund ? null : $"refund-{number}";
                    return (await Desk(mall).Refund(_user, Order, key, NewPatience())).Refusal;
                case Act.Open:
                    return await OpenAsync(mall);
                case Act.Success:
                    return await ReportAsync(mall, "succeeded");
                case Act.Failure:
                    return await ReportAsync(mall, "failed");
                case Act.WrongAmount:
                    return await ReportAsync(mall, "succeeded", amount: _amount + 1 + _random.Next(99));
                case Act.Forged:
                    return await ReportAsync(mall, "succeeded", key: "the key of a forger");
                default:
                    return await ReportAsync(mall, "succeeded", later: TimeSpan.FromSeconds(301));
            }
        }

        private async Task<Refusal?> OpenAsync(TestMall mall)
        {
            var opened = await Desk(mall).Open(_user, new CreatePaymentInput(Order), null, NewPatience());
            if (!opened.IsRefused) _payment = opened.Value.Payment.Id;
            return opened.Refusal;
        }

        private async Task<Refusal?> ReportAsync(
            TestMall mall, string result, long? amount = null, string key = Key, TimeSpan later = default)
        {
            var body = Encoding.UTF8.GetBytes(
                $$"""{"paymentId":{{_payment}},"amount":{{amount ?? _amount}},"result":"{{result}}","providerRef":"r"}""");
            var timestamp = Signatures.Timestamp(DateTimeOffset.UtcNow);
            var signature = Signatures.Sign(key, timestamp, body);
            var reported = await InsistAsync(
                () => Desk(mall, later).Callback(new ReadOnlySequence<byte>(body), timestamp, signature, NewPatience()));
            if (!reported.IsRefused && result == "succeeded") _wasPaid = true;
            return reported.Refusal;
        }

        /// <summary>Repeats what is unknown, as a provider does.</summary>
        private static async Task<T> InsistAsync<T>(Func<Task<T>> ask)
        {
            while (true)
            {
                try
                {
                    return await ask();
                }
                catch (Exception unknown) when (unknown is TimeoutException || unknown.LostItsGrain())
                {
                }
            }
        }

        private static PaymentDesk Desk(TestMall mall, TimeSpan ahead = default) => new(
            mall.Grains, new PublicAddress(new ApiOptions { PublicUrl = "http://mall.test" }, null!),
            new CallbackKey(new ApiOptions { PaymentKey = Key }, mall.Grains), new Ahead(ahead),
            new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>(),
            NullLogger<PaymentDesk>.Instance);

        private static Patience NewPatience() => new(TimeSpan.FromSeconds(120), TimeProvider.System, CancellationToken.None);
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
