using Mall.Signing;

namespace Mall.Simulation;

/// <summary>Who takes customers' money, outside of the mall. Its calls get lost before or after their effect; what it has taken
/// it reports until the mall says that it knows: late, again, in any order. Forgers beside it know everything but its
/// key.</summary>
internal sealed class Bank(Market market) : Client(market, "bank")
{
    public const string Key = "the key of an honest bank";
    private const double LongestDelay = 300; // seconds: far past the time at which orders close
    private static readonly TimeSpan s_tooOld = Signatures.Window + TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);
    private static readonly Query<int> s_take = new("insert or ignore into bank values (@p1, @p2, 0)", _ => 0);
    private static readonly Query<int> s_giveBack = new("update bank set given_back = taken where payment = @p1", _ => 0);

    private readonly Dictionary<long, ProviderRequest> _known = [];

    public override async Task LiveAsync()
    {
        while (Market.IsOpen)
        {
            await PauseAsync(Market.Options.ShopperPause);
            if (_known.Count == 0 || !Market.IsOpen) continue;
            var payment = _known[Any([.. _known.Keys])];
            await (Random.Next(4) switch
            {
                0 => ReportAsync("forgery", payment, "succeeded", key: "the key of a forger"),
                1 => ReportAsync("forgery", payment, "succeeded", age: s_tooOld),
                2 => ReportAsync("mistake", payment, "succeeded", tooMuch: 1 + Random.Next(99)),
                _ => ReportAsync("report", payment, "failed"),
            });
        }
    }

    /// <summary>A customer pays, if the card is good.</summary>
    public void Take(PaymentView payment)
    {
        if (!_known.TryGetValue(payment.Id, out var known)) return;
        var isGood = Chance(0.8);
        if (isGood) Market.Cluster.Database.Read(s_take, payment.Id, payment.Amount);
        Market.Begin(async () =>
        {
            if (Chance(0.2)) await PauseAsync(LongestDelay / 2);
            do await ReportAsync("report", known, isGood ? "succeeded" : "failed");
            while (Chance(Market.Options.Twice));
        });
    }

    public IPaymentProvider At(SimulatedProcess silo) => new Line(this, silo);

    private Task<Answer?> ReportAsync(
        string kind, ProviderRequest payment, string result, long tooMuch = 0, string key = Key, TimeSpan age = default)
    {
        var input = new CallbackInput(payment.PaymentId, payment.Amount + tooMuch, result, RefOf(payment), PaidAt: null);
        var body = JsonSerializer.SerializeToUtf8Bytes(input, JsonSerializerOptions.Web);
        return InsistAsync(Asked.Report(kind, payment.PaymentId, result), door =>
        {
            var time = Signatures.Timestamp(Market.World.UtcNow - age);
            return door.Payments.Callback(new(body), time, Signatures.Sign(key, time, body), door.NewPatience());
        }, ForEver);
    }

    private static string RefOf(ProviderRequest payment) => $"bank-{payment.PaymentId}";

    /// <summary>A silo's call, which may be lost, or its answer: both tell the silo nothing.</summary>
    private Task<T> CallAsync<T>(SimulatedProcess silo, string what, Func<T> serve)
    {
        var answer = new TaskCompletionSource<T>();
        Market.World.Schedule(Way, () =>
        {
            var isLost = Chance(Market.Cluster.Plan.LostCalls);
            var isServed = !isLost || Chance(0.5);
            var value = isServed ? serve() : default!;
            Market.World.Trace($"bank: {what}{(isServed ? "" : ", not done")}{(isLost ? ", not answered" : "")}");
            if (isLost) Market.Cluster.Faults.Note($"bank: call lost {(isServed ? "behind" : "before")} its effect");
            if (isLost) silo.Schedule(s_patience, () => answer.TrySetException(new TimeoutException("The bank is silent.")));
            else silo.Schedule(Way, () => answer.TrySetResult(value));
        });
        return answer.Task;
    }

    private sealed class Line(Bank bank, SimulatedProcess silo) : IPaymentProvider
    {
        public string Name => bank.Name;

        public Task<ProviderAnswer> OpenAsync(ProviderRequest payment) => bank.CallAsync(silo, $"opens {payment.PaymentId}", () =>
        {
            bank._known[payment.PaymentId] = payment;
            return new ProviderAnswer(RefOf(payment), "http://bank.test/pay");
        });

        // What was given back once is so: the same again changes nothing.
        public Task RefundAsync(ProviderRequest payment) => bank.CallAsync(silo, $"gives back {payment.PaymentId}", () =>
            bank.Market.Cluster.Database.Read(s_giveBack, payment.PaymentId));
    }
}
