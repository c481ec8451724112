using System.Net.Sockets;

namespace Mall.Api.Transactions;

/// <summary>What is known of targets: how they are read, where they are, and whether they may be called.</summary>
/// <param name="lookUp">How addresses of a name are found; null: as this machine does.</param>
/// <param name="clock">Of the patience with that; null: this machine's.</param>
public sealed class TargetBook(
    TargetRules rules, IEnumerable<ITargetResolver> resolvers, Func<string, Task<IPAddress[]>>? lookUp = null,
    TimeProvider? clock = null)
{
    private const int LookUpsAtOnce = 16;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    private readonly ITargetResolver[] _resolvers = [.. resolvers];
    private readonly Func<string, Task<IPAddress[]>> _lookUp = lookUp ?? Dns.GetHostAddressesAsync;

    /// <summary>Which hosts.</summary>
    public TargetRules Rules => rules;

    /// <summary>Where a gRPC target is: one of these. Null when nobody knows.</summary>
    public IReadOnlyList<DnsEndPoint>? Resolve(BranchTarget target) =>
        target.Scheme is null
            ? BranchTarget.EndpointOf(target.Server) is { } endpoint ? [endpoint] : null
            : _resolvers.Select(resolver => resolver.Resolve(target.Scheme, target.Server)).FirstOrDefault(found =>
                found is not null);

    /// <summary>
    /// Why one of these targets is not taken, or null. Where addresses decide, a name without one is not taken either; the
    /// connection will be asked again, for a name may turn.
    /// </summary>
    /// <exception cref="TimeoutException">Names could not be looked up within two seconds, all of them together.</exception>
    public async Task<string?> ComplaintAsync(IEnumerable<string> targets, CancellationToken cancellationToken)
    {
        var unknown = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var text in targets.Distinct(StringComparer.Ordinal))
        {
            if (BranchTarget.Parse(text, out var complaint) is not { } target) return $"Target {text} {complaint}.";
            IReadOnlyList<DnsEndPoint>? endpoints =
                target.Url is { } url ? [new DnsEndPoint(url.IdnHost, url.Port)] : Resolve(target);
            if (endpoints is null)
                return $"Target {text} cannot be resolved: nothing here knows {target.Scheme}://{target.Server}.";
            foreach (var host in endpoints.Select(endpoint => endpoint.Host))
            {
                if (IsAllowed(host) is false) return Refusal(text, host);
                if (IsAllowed(host) is null) unknown.TryAdd(host, text);
            }
        }

        return await FirstRefusedAsync([.. unknown.Keys], cancellationToken) is { } refused
            ? Refusal(unknown[refused], refused)
            : null;
    }

    private static string Refusal(string text, string host) => $"Target {text} is refused: {host} is outside dtm-allow.";

    /// <summary>Null: its addresses decide.</summary>
    private bool? IsAllowed(string host) =>
        IPAddress.TryParse(host.Trim('[', ']'), out var literal) ? rules.Allows(host, literal)
        : rules.AllowsName(host) ? true
        : rules.HasRanges ? null
        : false;

    private async Task<string?> FirstRefusedAsync(string[] hosts, CancellationToken cancellationToken)
    {
        if (hosts.Length == 0) return null;
        using var patience = new CancellationTokenSource(s_patience, clock ?? TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        var isRefused = new bool[hosts.Length];
        try
        {
            await Parallel.ForEachAsync(
                Enumerable.Range(0, hosts.Length),
                new ParallelOptions { MaxDegreeOfParallelism = LookUpsAtOnce, CancellationToken = either.Token },
                async (i, stop) => isRefused[i] = !await IsFoundAndAllowedAsync(hosts[i], stop));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The addresses of {hosts.Length} names were not found in time; nothing has happened.");
        }

        var first = Array.IndexOf(isRefused, true);
        return first < 0 ? null : hosts[first];
    }

    private async Task<bool> IsFoundAndAllowedAsync(string host, CancellationToken cancellationToken)
    {
        try
        {
            // The system's look-up, once begun, hears of no cancellation.
            var addresses = await _lookUp(host).WaitAsync(cancellationToken);
            return addresses.Length > 0 && Array.TrueForAll(addresses, address => rules.Allows(host, address));
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            return false;
        }
    }
}
