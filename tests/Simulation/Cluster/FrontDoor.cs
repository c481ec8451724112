using Mall.Api;
using Mall.Api.Calls;
using Mall.Api.Orders;
using Mall.Api.Products;
using Mall.Api.Sagas;
using Mall.Api.Shops;

namespace Mall.Simulation;

/// <summary>
/// A front door in a process of its own, without HTTP: the real desks over a client of the cluster, which reads the list of
/// gateways now and then.
/// </summary>
internal sealed class FrontDoor : GrainCaller
{
    private static readonly TimeSpan s_refresh = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_waitLimit = new ApiOptions().WaitLimit;

    private readonly Network _network;
    private readonly Membership _membership;
    private readonly List<SimulatedSilo> _gateways = [];
    private int _next;

    public FrontDoor(SimulatedProcess process, Network network, Membership membership) : base(process)
    {
        (_network, _membership) = (network, membership);
        (Orders, Products, Shops, Sagas) = (new(this), new(this), new(this), new(this));
        Refresh();
    }

    public OrderDesk Orders { get; }

    public ProductDesk Products { get; }

    public ShopDesk Shops { get; }

    public SagaDesk Sagas { get; }

    /// <summary>For one request, from now.</summary>
    public Patience NewPatience() => new(s_waitLimit, Process.Clock, CancellationToken.None);

    protected override SimulatedSilo? Gateway => _gateways.Count == 0 ? null : _gateways[_next++ % _gateways.Count];

    protected override void Send(Message message)
    {
        if (message.Gateway is not { } gateway)
        {
            Process.Schedule(TimeSpan.Zero, () => Lose(message, new SiloUnavailableException("No gateway is known.")));
            return;
        }

        // When the gateway's process is gone, nobody says so to who has called: the call times out.
        _network.Send(Process, gateway.Process, () => gateway.Forward(message), refused: () => _gateways.Remove(gateway));
    }

    private void Refresh()
    {
        _gateways.Clear();
        _gateways.AddRange(_membership.Active);
        Process.Schedule(s_refresh, Refresh);
    }
}
