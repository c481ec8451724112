using System.Diagnostics.Metrics;

namespace Mall.Simulation;

/// <summary>A front door in a process of its own, without HTTP: the real desks over a client of the cluster, which reads the list
/// of gateways now and then.</summary>
internal sealed class FrontDoor : GrainCaller
{
    private static readonly TimeSpan s_refresh = TimeSpan.FromSeconds(2);
    private static readonly IMeterFactory s_meters =
        new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
    private static readonly ApiOptions s_options = new() { PublicUrl = "http://mall.test", PaymentKey = Bank.Key };

    private readonly Cluster _cluster;
    private readonly List<SimulatedSilo> _gateways = [];
    private int _next;

    public FrontDoor(SimulatedProcess process, Cluster cluster) : base(process)
    {
        (_cluster, Orders, Products, Shops, Sagas) = (cluster, new(this, new(process.Clock)), new(this), new(this), new(this));
        Payments = new(
            this, new(s_options, null!), new(s_options, this), process.Clock, s_meters, NullLogger<PaymentDesk>.Instance);
        Refresh();
    }

    public OrderDesk Orders { get; }
    public ProductDesk Products { get; }
    public ShopDesk Shops { get; }
    public SagaDesk Sagas { get; }
    public PaymentDesk Payments { get; }
    public Patience NewPatience() => new(s_options.WaitLimit, Process.Clock, CancellationToken.None); // for one request
    protected override SimulatedSilo? Gateway => _gateways.Count == 0 ? null : _gateways[_next++ % _gateways.Count];

    public override void Send(Message message)
    {
        // When the gateway's process is gone, nobody says so to who has called: the call times out.
        if (message.Gateway is { } gateway)
            _cluster.Network.Send(Process, gateway.Process, () => gateway.Send(message), () => _gateways.Remove(gateway));
        else
            Process.Schedule(TimeSpan.Zero, () => Lose(message, new SiloUnavailableException("No gateway is known.")));
    }

    private void Refresh()
    {
        _gateways.Clear();
        _gateways.AddRange(_cluster.Membership.Active);
        Process.Schedule(s_refresh, Refresh);
    }
}
