using System.Net.Sockets;

namespace Mall.Api.Transactions;

/// <summary>What is known of targets: how they are read, where they are, and whether they may be called.</summary>
public sealed class TargetBook(TargetRules rules, IEnumerable<ITargetResolver> resolvers)
{
    private readonly ITargetResolver[] _resolvers = [.. resolvers];

    /// <summary>Which hosts.</summary>
    public TargetRules Rules => rules;

    /// <summary>Where a gRPC target is: one of these. Null when nobody knows.</summary>
    public IReadOnlyList<DnsEndPoint>? Resolve(BranchTarget target) =>
        target.Scheme is null
            ? BranchTarget.EndpointOf(target.Server) is { } endpoint ? [endpoint] : null
            : _resolvers.Select(resolver => resolver.Resolve(target.Scheme, target.Server)).FirstOrDefault(found =>
                found is not null);

    /// <summary>
    /// Why a target is not taken, or null. Where addresses decide, a name without one is not taken either; the connection will be
    /// asked again, for a name may turn.
    /// </summary>
    public async Task<string?> ComplaintAsync(string text, CancellationToken cancellationToken)
    {
        if (BranchTarget.Parse(text, out var complaint) is not { } target) return $"Target {text} {complaint}.";
        IReadOnlyList<DnsEndPoint>? endpoints =
            target.Url is { } url ? [new DnsEndPoint(url.IdnHost, url.Port)] : Resolve(target);
        if (endpoints is null) return $"Target {text} cannot be resolved: nothing here knows {target.Scheme}://{target.Server}.";
        foreach (var endpoint in endpoints)
        {
            if (!await IsAllowedAsync(endpoint.Host, cancellationToken))
                return $"Target {text} is refused: {endpoint.Host} is outside dtm-allow.";
        }

        return null;
    }

    private async Task<bool> IsAllowedAsync(string host, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(host.Trim('[', ']'), out var literal)) return rules.Allows(host, literal);
        if (rules.AllowsName(host)) return true;
        if (!rules.HasRanges) return false;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            patience.CancelAfter(TimeSpan.FromSeconds(2));
            var addresses = await Dns.GetHostAddressesAsync(host, patience.Token);
            return addresses.Length > 0 && Array.TrueForAll(addresses, address => rules.Allows(host, address));
        }
        catch (Exception e) when (e is SocketException or ArgumentException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }
}
