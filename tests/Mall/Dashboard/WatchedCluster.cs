using System.Net;
using System.Text;
using System.Text.Json;
using Mall.Signing;
using Mall.Tests.Chaos;
using Mall.Tests.Hosting;
using Mall.Tests.Installations;
using Mall.TestServers;

namespace Mall.Tests.Dashboard;

/// <summary>
/// A cluster under load with all that an operator watches it by: the pages, and a Prometheus of its own. Two refunds of it cannot
/// go on, because the adapter of the provider refuses them. Its tests share it, and tell it whom they kill.
/// </summary>
public sealed class WatchedCluster : IAsyncDisposable
{
    public const string Mobile = "13700000001";
    public const string Password = "a long one";
    public const string CustomersMobile = "13700000002";
    public const string CustomersPassword = "correct horse";

    private const string PaymentKey = "the key that mall and adapter share";
    private const int Silos = 3;
    private const int Shoppers = 2;

    private readonly DirectoryInfo _folder = TestFolder.Create("mall-watched-");
    private readonly StubbornAdapter _adapter = new();
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromMinutes(10)); // For all tests that share it.
    private readonly List<SiloProcess> _more = [];
    private readonly List<long> _payments = [];
    private readonly List<string> _orders = [];
    private readonly HashSet<string> _killed = [];
    private ClusterInstallation? _cluster;
    private Trade? _trade;

    public ClusterInstallation Cluster => _cluster!;

    public Trade Trade => _trade!;

    /// <summary>Null where it is not installed.</summary>
    internal Prometheus? Prometheus { get; private set; }

    public CancellationToken Stop => _stop.Token;

    /// <summary>Where silos that were killed show their metrics.</summary>
    public IReadOnlySet<string> Killed => _killed;

    public async Task OpenAsync()
    {
        _cluster = await ClusterInstallation.OpenAsync(
            DatabaseKind.Postgres, Silos, frontDoors: 1, sites: null, Stop,
            "--payments", $"webhook:{_adapter.Url}", "--payment-key", PaymentKey);
        if (Prometheus.WhyMissing is null)
            Prometheus = Prometheus.Start(_folder.FullName, Cluster.BackDoors, [.. Cluster.Doors.Select(door => door.Authority)]);
        await using var admin = SiloProcess.Start(
            _folder.FullName, ["admin", "create", "--mobile", Mobile, "--password", Password, "--db", Cluster.Database]);
        Assert.Equal(0, await admin.ExitCodeAsync(TimeSpan.FromSeconds(60)));
        _trade = await Cluster.TradeAsync(Shoppers, Stop);
        for (var i = 0; i < 2; i++) await BeginRefundAsync();
        Trade.Begin(seed: 1);
    }

    /// <summary>The gid of a refund that is parked, or will be: it fails ten times first.</summary>
    public string StuckRefund(int number) => $"refund-{_orders[number]}";

    public void MendRefund(int number) => _adapter.MendFor(_payments[number]);

    /// <summary>Not before the refunds are parked: another silo would count ten failures of its own first, for minutes.</summary>
    public async Task KillSiloAsync(int number)
    {
        const string parked = "select count(*) from sagas where kind = 'refund' and next_time is null";
        while (await Cluster.Server.RunSqlAsync(parked, "mall", Stop) != $"{_orders.Count}") await Task.Delay(100, Stop);
        _killed.Add(Cluster.BackDoors[number]);
        await Cluster.Silo(number).KillAsync();
    }

    /// <summary>A front door more, which a test may do without.</summary>
    public async Task<(Uri Address, SiloProcess Process)> OpenDoorAsync()
    {
        var address = FreePorts.TakeEndpoint();
        var process = SiloProcess.Start(
            _folder.FullName,
            ["--roles", "api", "--http", address, "--grpc", FreePorts.TakeEndpoint(), "--db", Cluster.Database]);
        _more.Add(process);
        while (!process.OutputLines.Any(line => line.Contains("Mall is open", StringComparison.Ordinal)))
            await Task.Delay(50, Stop);
        return (new Uri($"http://{address}/"), process);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_trade is not null) await _trade.EndAsync();
        }
        finally
        {
            await CloseAsync();
        }
    }

    private async Task CloseAsync()
    {
        await _stop.CancelAsync();
        if (Prometheus is not null) await Prometheus.DisposeAsync();
        foreach (var process in _more) await process.DisposeAsync();
        if (_cluster is not null) await _cluster.DisposeAsync();
        _trade?.Dispose();
        await _adapter.DisposeAsync();
        _stop.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>Somebody orders, pays, and wants the money back.</summary>
    private async Task BeginRefundAsync()
    {
        var mobile = _orders.Count == 0 ? CustomersMobile : "13700000003";
        using var customer = await Accounts.SignUpAsync(Cluster, mobile, Stop);
        var order = await customer.PostAsync(
            "v1/orders", new { items = new[] { new { productId = Trade.Products[0], quantity = 1 } } }, null, Stop);
        var orderId = order.Body.GetProperty("id").GetInt64();
        var payment = await customer.PostAsync("v1/payments", new { orderId }, null, Stop);
        var paymentId = payment.Body.GetProperty("id").GetInt64();
        var body = JsonSerializer.Serialize(
            new { paymentId, amount = 250, result = "succeeded", providerRef = $"ref-{paymentId}" });
        using var callback = WholeMall.Request("POST", new Uri(Cluster.Address, "v1/payments/callback").AbsoluteUri, body);
        var timestamp = Signatures.Timestamp(DateTimeOffset.UtcNow);
        callback.Headers.Add(Signatures.TimestampHeader, timestamp);
        callback.Headers.Add(Signatures.SignatureHeader, Signatures.Sign(PaymentKey, timestamp, Encoding.UTF8.GetBytes(body)));
        using var provider = new HttpClient();
        using (var paid = await provider.SendAsync(callback, Stop)) Assert.Equal(HttpStatusCode.OK, paid.StatusCode);
        _payments.Add(paymentId);
        _orders.Add($"{orderId}");

        // Whoever wants it back goes away when that has begun: to be answered 504 would count as a failure of the mall.
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        var asked = customer.PostAsync($"v1/orders/{orderId}/refund", new { }, $"refund-{orderId}", leaving.Token);
        var begun = $"select gid from sagas where gid = 'refund-{orderId}'";
        while (!asked.IsCompleted && (await Cluster.Server.RunSqlAsync(begun, "mall", Stop)).Length == 0)
            await Task.Delay(100, Stop);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
    }
}

/// <summary>Opens the cluster when the first test wants it, which may be skipped instead where something is missing.</summary>
public sealed class WatchedSite : IAsyncDisposable
{
    private WatchedCluster? _cluster;

    public async Task<WatchedCluster> OpenAsync()
    {
        if (_cluster is not null) return _cluster;
        if (DatabaseServer.WhyMissing(DatabaseKind.Postgres) is { } reason) Assert.Skip(reason);
        var cluster = new WatchedCluster();
        try
        {
            await cluster.OpenAsync();
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }

        return _cluster = cluster;
    }

    public ValueTask DisposeAsync() => _cluster?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>Like all whole processes it runs by itself.</summary>
[CollectionDefinition(nameof(WatchedSite), DisableParallelization = true)]
[TestClassOrderer(typeof(InTurn))]
[TestMethodOrderer(typeof(InTurn))]
public sealed class WatchedCollection : ICollectionFixture<WatchedSite>;
