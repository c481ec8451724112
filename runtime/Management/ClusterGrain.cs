using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;

namespace Mall.Runtime;

[StatelessWorker]
internal sealed class ClusterGrain(SiloRuntime runtime) : Grain, IClusterGrain
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Null for a silo that is alone.</summary>
    private readonly IMembershipTable? _table = runtime.Services.GetService<IMembershipTable>();

    public async Task<ClusterReport> Report()
    {
        var view = runtime.View;
        var reports = await Task.WhenAll((await RecordsAsync(view)).Select(ReportAsync));
        return new ClusterReport(
            view.Version,
            [.. reports.OrderBy(r => r.Address.Endpoint, StringComparer.Ordinal).ThenBy(r => r.Address.Generation)]);
    }

    private async Task<IEnumerable<SiloRecord>> RecordsAsync(MembershipView view)
    {
        if (_table is null) return view.Silos.Select(s => new SiloRecord(s, "", SiloStatus.Active, Timeout.InfiniteTimeSpan));
        return (await runtime.Time.Within(Patience, _table.ReadAsync, CancellationToken.None)).Silos;
    }

    private async Task<SiloReport> ReportAsync(SiloRecord silo)
    {
        DateTimeOffset? leaseUntil = _table is null ? null : runtime.Time.GetUtcNow() + silo.LeaseLeft;
        return new SiloReport(
            silo.Address, silo.Status, leaseUntil, silo.Status == SiloStatus.Active ? await AskAsync(silo.Address) : null);
    }

    private async Task<SiloFigures?> AskAsync(SiloAddress silo)
    {
        try
        {
            return await GrainFactory.GetGrain<ISiloGrain>(silo.ToString()).Figures().WaitAsync(Patience, runtime.Time);
        }
        catch (Exception exception) when (exception is TimeoutException or SiloUnavailableException)
        {
            return null;
        }
    }
}
