using Mall.Ledger;
using Mall.Ledger.Leases;
using Mall.Ledger.Stores;
using Mall.Runtime;

namespace Mall.Tests.Chaos;

/// <summary>
/// Which silo owns which product, by the table of leases and the rule of placement, as the silos themselves compute it.
/// </summary>
public sealed class OwnerMap(ClusterInstallation cluster) : IAsyncDisposable
{
    private static readonly GrainType s_product = GrainType.Create("product");

    private readonly ILeaseTable _leases = LedgerServices.LeasesAt(
        new LeaseOptions { Address = StoreAddress.Parse(cluster.Database) });
    private readonly RendezvousPlacement _placement = new();

    /// <summary>Those of the products that a silo owns at this moment.</summary>
    public async Task<IReadOnlyList<long>> OwnedByAsync(int silo, IEnumerable<long> products, CancellationToken stop)
    {
        var now = await ReadAsync(stop);
        var view = new MembershipView(
            now.Version,
            [.. now.Leases.Where(l => l.Status == LeaseStatus.Active).Select(l => new SiloAddress(l.Address, l.Id))]);
        return
        [
            .. products.Where(id => _placement.OwnerOf(GrainId.Create(s_product, id), view)?.Endpoint == cluster.Endpoints[silo]),
        ];
    }

    /// <summary>The generation under which a silo is an active member at this moment; null: it is none.</summary>
    public async Task<long?> GenerationOfAsync(int silo, CancellationToken stop)
    {
        var now = await _leases.ReadAsync(stop);
        return now.Leases.LastOrDefault(l => l.Status == LeaseStatus.Active && l.Address == cluster.Endpoints[silo])?.Id;
    }

    public ValueTask DisposeAsync() => _leases.DisposeAsync();

    /// <summary>The first look after the database's restart finds its connection dead.</summary>
    private async Task<LeaseView> ReadAsync(CancellationToken stop)
    {
        try
        {
            return await _leases.ReadAsync(stop);
        }
        catch (LedgerUnavailableException)
        {
            return await _leases.ReadAsync(stop);
        }
    }
}
